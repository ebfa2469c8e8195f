# frozen_string_literal: true

module Drl
  # What a {Client} and a {RateLimiter} have in common: they are opened, and to be closed.
  module Opening
    # Open one, as `new` does with the same arguments; and, with a block, close it after the block.
    # @return [Client, RateLimiter, Object] what was opened, or the block's value
    def open(*arguments, **options)
      opened = new(*arguments, **options)
      return opened unless block_given?

      begin
        yield opened
      ensure
        opened.close
      end
    end
  end
end
