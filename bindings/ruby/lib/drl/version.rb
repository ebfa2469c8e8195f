# frozen_string_literal: true

module Drl
  # The version of this gem, which is that of the library inside it.
  VERSION = Native.version.freeze
end
