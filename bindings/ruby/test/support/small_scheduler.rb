# frozen_string_literal: true

# The smallest Fiber scheduler that can wait for descriptors, sleep and time out: enough to show that a wait gives way.
class SmallScheduler
  def initialize
    @waiting = {}
    @timers = {}
    @ready = []
    @lock = Thread::Mutex.new
    @wake = IO.pipe
  end

  # Runs the block in a non-blocking fiber, and all fibers that it schedules, on a thread of their own; the block's value.
  def self.run(&block)
    Thread.new do
      value = nil
      Fiber.set_scheduler(new)
      Fiber.schedule { value = block.call }
      Fiber.scheduler.run
      value
    end.value
  end

  def fiber(&block)
    Fiber.new(blocking: false, &block).tap(&:resume)
  end

  def io_wait(io, events, timeout)
    readable = events & IO::READABLE != 0 ? [io] : []
    writable = events & IO::WRITABLE != 0 ? [io] : []
    @waiting[Fiber.current] = [readable, writable]
    @timers[Fiber.current] = now + timeout if timeout
    Fiber.yield ? events : false
  ensure
    forget(Fiber.current)
  end

  def kernel_sleep(duration = nil)
    @timers[Fiber.current] = now + duration if duration
    Fiber.yield
  ensure
    forget(Fiber.current)
  end

  def timeout_after(duration, klass, message, &block)
    fiber = Fiber.current
    watcher = Fiber.schedule do
      sleep(duration)
      fiber.raise(klass, message) if fiber.alive? && watcher
    end
    block.call
  ensure
    watcher = nil
  end

  def block(_blocker, timeout = nil)
    @timers[Fiber.current] = now + timeout if timeout
    Fiber.yield
  ensure
    forget(Fiber.current)
  end

  def unblock(_blocker, fiber)
    @lock.synchronize { @ready << fiber }
    @wake[1].write_nonblock(".", exception: false)
  end

  def run
    step until @waiting.empty? && @timers.empty? && @ready.empty?
  end

  def close
    run
  end

  private

  def now
    Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end

  def forget(fiber)
    @waiting.delete(fiber)
    @timers.delete(fiber)
  end

  def step
    first = @timers.values.min
    pause = @ready.empty? ? first && [first - now, 0].max : 0
    readable, writable = IO.select([@wake[0], *@waiting.values.flat_map(&:first)], @waiting.values.flat_map(&:last), [], pause)
    @wake[0].read_nonblock(64, exception: false) if readable&.include?(@wake[0])
    resume_ready
    resume_waiting(readable || [], writable || [])
    @timers.select { |_, at| at <= now }.each_key { |fiber| fiber.resume(false) if fiber.alive? && @timers.key?(fiber) }
  end

  def resume_ready
    ready = @lock.synchronize { @ready.tap { @ready = [] } }
    ready.each { |fiber| fiber.resume(true) if fiber.alive? }
  end

  def resume_waiting(readable, writable)
    woken = @waiting.select { |_, (reads, writes)| (reads & readable).any? || (writes & writable).any? }
    woken.each_key { |fiber| fiber.resume(true) if fiber.alive? && @waiting.key?(fiber) }
  end
end
