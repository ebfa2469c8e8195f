# lua/drl.lua as a C++ source: its text and its SHA-1, by which Redis knows it.
set(DRL_SCRIPT_FILE ${PROJECT_SOURCE_DIR}/lua/drl.lua)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${DRL_SCRIPT_FILE})
file(READ ${DRL_SCRIPT_FILE} DRL_SCRIPT_TEXT)
file(SHA1 ${DRL_SCRIPT_FILE} DRL_SCRIPT_SHA1)
configure_file(${PROJECT_SOURCE_DIR}/src/redis/script_text.cc.in ${PROJECT_BINARY_DIR}/src/redis/script_text.cc @ONLY)
