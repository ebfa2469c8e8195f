// Any bytes as a JSON string (RFC 8259): what is not UTF-8 becomes U+FFFD, control characters become \u00XX.
#pragma once

#include <string_view>

#include "http/text_writer.h"

namespace drl::http {

// Quotes included. At most 6 bytes for each byte of `text`, and 2.
void PutJsonString(std::string_view text, TextWriter& out);

}  // namespace drl::http
