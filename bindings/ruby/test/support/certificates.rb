# frozen_string_literal: true

require "openssl"

# An authority, and one certificate of it for 127.0.0.1 that serves both ends.
module Certificates
  module_function

  def write(folder)
    authority_key, key = Array.new(2) { OpenSSL::PKey::EC.generate("prime256v1") }
    authority = make(1, "authority", authority_key, nil, "basicConstraints" => "critical,CA:TRUE")
    authority.sign(authority_key, "SHA256")
    mine = make(2, "me", key, authority, "subjectAltName" => "IP:127.0.0.1")
    mine.sign(authority_key, "SHA256")
    { "ca.pem" => authority, "me.pem" => mine, "me.key" => key }.each { |name, what| File.write(File.join(folder, name), what.to_pem) }
  end

  def make(serial, name, key, issuer, extensions)
    OpenSSL::X509::Certificate.new.tap do |made|
      made.version = 2
      made.serial = serial
      made.subject = OpenSSL::X509::Name.new([["CN", name]])
      made.issuer = (issuer || made).subject
      made.public_key = key
      made.not_before = Time.now - 3600
      made.not_after = Time.now + 3600
      factory = OpenSSL::X509::ExtensionFactory.new(issuer || made, made)
      extensions.each { |extension, value| made.add_extension(factory.create_extension(extension, value)) }
    end
  end
end
