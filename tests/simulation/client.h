// The engine, as an episode turns it.
#pragma once

#include "subject.h"

namespace drl::simulation {

[[nodiscard]] std::unique_ptr<Subject> MakeClient(const Setting& setting);

}  // namespace drl::simulation
