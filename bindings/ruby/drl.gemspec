# frozen_string_literal: true

# For bindings/ruby/build-gem, which lays out the tree that this describes: the gem carries the library's sources where the repository has
# them.
Gem::Specification.new do |spec|
  spec.name = "drl"
  spec.version = File.read("CMakeLists.txt")[/^project\(drl VERSION (\d+\.\d+\.\d+)/, 1]
  spec.summary = "Distributed rate limiting on Redis"
  spec.description = "Token buckets decided inside Redis, atomically, in one round trip; with Rack middleware."
  spec.authors = ["The distributed-rate-limiter authors"]
  spec.license = "MIT"
  spec.required_ruby_version = ">= 3.1"
  spec.files = Dir["CMakeLists.txt", "LICENSE", "include/drl/*", "src/*/*.{h,cc,in}", "lua/drl.lua",
                   "bindings/swig/*.{h,c}", "bindings/ruby/{README.md,.yardopts}",
                   "bindings/ruby/lib/**/*.rb", "sig/*.{rbs,yaml}", "bindings/ruby/ext/drl/*.{rb,i,c,h}"]
  spec.extensions = ["bindings/ruby/ext/drl/extconf.rb"]
  spec.require_paths = ["bindings/ruby/lib"]
  spec.extra_rdoc_files = ["bindings/ruby/README.md"]
end
