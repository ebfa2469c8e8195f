# frozen_string_literal: true

# Builds the extension and, within it, the whole library: its C++ sources lie in this gem as they lie in the repository. hiredis, OpenSSL
# and libsodium are linked statically, so that none of them is needed where the gem runs.
#
#     gem install drl -- --with-drl-lib=FILE    links this libdrl.a, of the same version, instead of compiling the sources

require "digest"
require "fileutils"
require "mkmf"

ROOT = File.expand_path("../../../..", __dir__)
GENERATED = File.join(Dir.pwd, "generated")

def fill_in(template, target, values)
  text = File.read(template).gsub(/@(\w+)@/) { values.fetch(Regexp.last_match(1)) }
  FileUtils.mkdir_p(File.dirname(target))
  File.write(target, text) unless File.exist?(target) && File.read(target) == text
end

# The version that CMakeLists.txt gives the library.
def version
  File.read(File.join(ROOT, "CMakeLists.txt"))[/^project\(drl VERSION (\d+\.\d+\.\d+)/, 1] || abort("no version in CMakeLists.txt")
end

def fill_in_templates
  major, minor, patch = version.split(".")
  fill_in(File.join(ROOT, "include/drl/version.h.in"), File.join(GENERATED, "drl/version.h"),
          "PROJECT_VERSION" => version, "PROJECT_VERSION_MAJOR" => major, "PROJECT_VERSION_MINOR" => minor,
          "PROJECT_VERSION_PATCH" => patch)
  FileUtils.cp(File.join(ROOT, "include/drl/export.h"), File.join(GENERATED, "drl/export.h"))
  script = File.binread(File.join(ROOT, "lua/drl.lua"))
  fill_in(File.join(ROOT, "src/redis/script_text.cc.in"), File.join(GENERATED, "script_text.cc"),
          "DRL_SCRIPT_TEXT" => script, "DRL_SCRIPT_SHA1" => Digest::SHA1.hexdigest(script))
end

# A Makefile of mkmf knows one folder and no two sources of one name: each source of the library is included by a file whose name says its
# folder too.
def library_sources
  sources = Dir[File.join(ROOT, "src/*/*.cc")].sort.to_h do |path|
    [path.delete_prefix("#{ROOT}/src/").tr("/", "_"), path]
  end
  sources["redis_script_text.cc"] = File.join(GENERATED, "script_text.cc")
  sources.map do |name, path|
    fill = File.join(GENERATED, name)
    line = "#include \"#{path}\"\n"
    File.write(fill, line) unless File.exist?(fill) && File.read(fill) == line
    name
  end
end

def static_library(name, header, package)
  have_header(header) or abort "#{header} is missing: install #{package}"
  archive = "-l:lib#{name}.a"
  checking_for(checking_message(archive)) { try_link(MAIN_DOES_NOTHING, archive) } or
    abort "lib#{name}.a is missing: install #{package}"
  archive
end

fill_in_templates
prebuilt = with_config("drl-lib")
archives = [static_library("hiredis", "hiredis/hiredis.h", "libhiredis-dev"),
            static_library("ssl", "openssl/ssl.h", "libssl-dev"),
            static_library("crypto", "openssl/crypto.h", "libssl-dev"),
            static_library("sodium", "sodium.h", "libsodium-dev")]

own = %w[drl_ruby_wrap.c handle.c mailbox.c wait.c]
wrap = File.join(__dir__, "drl_ruby_wrap.c")
flat = File.join(ROOT, "bindings/swig")
unless File.exist?(wrap)
  system("swig", "-ruby", "-I#{flat}", "-o", wrap, File.join(__dir__, "drl_ruby.i")) or abort "swig failed"
end

$srcs = own + %w[drl_flat.c drl_flat_client.c] + (prebuilt ? [] : library_sources)
$VPATH << "$(srcdir)" << flat << GENERATED
$INCFLAGS << " -I#{GENERATED} -I#{ROOT}/include -I#{ROOT}/src -I#{flat}"
$CFLAGS << " -std=gnu99 -fvisibility=hidden"
$CXXFLAGS << " -std=c++20 -fvisibility=hidden -fvisibility-inlines-hidden -fno-gnu-unique -Wno-restrict"
# The archives are not position-independent enough for symbols that others could replace: this keeps all but the entry point inside.
exports = File.join(GENERATED, "exports.map")
File.write(exports, "{ global: Init_native; local: *; };\n")
# Threads that were inside OpenSSL come back to it when they end: it is not unloaded before.
$DLDFLAGS << " -Wl,--version-script=#{exports} -Wl,-z,nodelete"
$libs = [prebuilt, *archives, "-lpthread", "-lstdc++", $libs].compact.join(" ")

create_makefile("drl/native")
