# frozen_string_literal: true

require "fileutils"
require "socket"
require "tmpdir"
require_relative "certificates"

# A Redis of our own on a Unix socket, that nothing else on the machine can meet. Whoever connects is the smallest user that the
# documents name; ACL LOG must be empty when it is removed.
class PrivateRedis
  RULES = `#{File.expand_path("../../../../scripts/redis-user", __dir__)} --rules reset`.split.freeze
  USERS = ["--user", "default", "on", "nopass", *RULES, "--user", "admin", "on", ">admin", "~*", "+@all"].freeze

  attr_reader :socket, :pid

  def initialize
    @folder = Dir.mktmpdir("drl-ruby")
    @socket = File.join(@folder, "redis.sock")
    start
  end

  def url
    "unix://#{@socket}"
  end

  def start
    @pid = Process.spawn("redis-server", "--port", "0", "--unixsocket", @socket, "--dir", @folder, "--save", "",
                         "--appendonly", "no", *USERS, in: File::NULL, out: File.join(@folder, "log"), err: %i[child out])
    100.times do
      return if command("PING") == "+PONG"

      sleep 0.05
    end
    raise "Redis did not start: #{File.read(File.join(@folder, "log"))}"
  end

  # One inline command of one who may do everything; the first line of the reply, or nil when Redis does not answer.
  def command(line)
    UNIXSocket.open(@socket) do |socket|
      socket.write("AUTH admin admin\r\n#{line}\r\n")
      socket.gets
      socket.gets&.chomp
    end
  rescue SystemCallError
    nil
  end

  # Lets nobody in but the documented user, "drl", with this password; again: changes the password.
  def guard(password)
    user = `#{File.expand_path("../../../../scripts/redis-user", __dir__)} reset`.chomp.sub(">password", ">#{password}")
    raise "no guard" unless [user, "ACL SETUSER default off"].all? { |line| command(line) == "+OK" }
  end

  # Cuts the connections of all others.
  def disconnect
    command("CLIENT KILL TYPE normal")
  end

  # The address for connections over TLS, and a folder with ca.pem, and me.pem and me.key for clients.
  def over_tls
    Certificates.write(@folder)
    port = TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
    files = { "ca-cert" => "ca.pem", "cert" => "me.pem", "key" => "me.key" }.map { |name, file| "tls-#{name}-file #{@folder}/#{file}" }
    raise "no TLS" unless ["CONFIG SET #{files.join(" ")}", "CONFIG SET tls-port #{port}"].all? { |line| command(line) == "+OK" }

    ["rediss://127.0.0.1:#{port}/0", @folder]
  end

  # Redis as it is when its machine hangs: connected, silent.
  def paused
    Process.kill(:STOP, @pid)
    yield
  ensure
    Process.kill(:CONT, @pid)
  end

  def stop
    return if @pid.nil?

    Process.kill(:TERM, @pid)
    Process.wait(@pid)
    @pid = nil
  end

  def remove
    refused = @pid.nil? ? "*0" : command("ACL LOG")
    stop
    FileUtils.rm_rf(@folder)
    raise "Redis refused something to the documented user" unless refused == "*0"
  end
end
