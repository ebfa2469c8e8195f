# cmake --install: two components, "runtime" (the shared library) and "dev" (headers, static library, drl.pc, CMake package).
# Everything installed finds its neighbours by relative paths, so that a prefix can be moved.
include(CMakePackageConfigHelpers)

foreach(dir LIBDIR INCLUDEDIR)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${dir}}")
    message(FATAL_ERROR "CMAKE_INSTALL_${dir} must be relative to the prefix, or the installation cannot be moved")
  endif()
endforeach()

# What libdrl.a needs beside it, also in a program that is otherwise plain C.
set(DRL_STATIC_LIBS hiredis ssl crypto sodium stdc++)
target_link_libraries(drl_static INTERFACE "$<INSTALL_INTERFACE:${DRL_STATIC_LIBS}>")

install(TARGETS drl EXPORT drl
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT dev)
install(TARGETS drl_static EXPORT drl
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/drl DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev
  FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(FILES ${PROJECT_BINARY_DIR}/include/drl/version.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/drl COMPONENT dev)

# pkg-config. The way from its file up to the prefix is as long as libdir is deep (lib, or lib/x86_64-linux-gnu).
# No Requires.private: the headers of hiredis, OpenSSL and libsodium are no business of a consumer's.
file(RELATIVE_PATH DRL_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" DRL_PC_PREFIX ${DRL_PC_PREFIX})
list(TRANSFORM DRL_STATIC_LIBS PREPEND "-l" OUTPUT_VARIABLE DRL_PC_LIBS_PRIVATE)
list(APPEND DRL_PC_LIBS_PRIVATE -lpthread)
list(JOIN DRL_PC_LIBS_PRIVATE " " DRL_PC_LIBS_PRIVATE)
configure_file(${PROJECT_SOURCE_DIR}/pkgconfig/drl.pc.in ${PROJECT_BINARY_DIR}/drl.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/drl.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)

# find_package(drl). Before 1.0 a new minor version may break its users.
set(DRL_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/drl)
install(EXPORT drl NAMESPACE drl:: FILE drl-targets.cmake DESTINATION ${DRL_CMAKE_DIR} COMPONENT dev)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/drl-config.cmake.in ${PROJECT_BINARY_DIR}/drl-config.cmake
  INSTALL_DESTINATION ${DRL_CMAKE_DIR} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/drl-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/drl-config.cmake ${PROJECT_BINARY_DIR}/drl-config-version.cmake
  DESTINATION ${DRL_CMAKE_DIR} COMPONENT dev)

# The licence goes with every copy, under the name by which Debian knows it.
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libdrl${DRL_SOVERSION} RENAME copyright
  COMPONENT runtime)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libdrl-dev RENAME copyright
  COMPONENT dev)
