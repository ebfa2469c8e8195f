# cmake --install: two components, "runtime" (the shared library) and "dev" (headers, static library, drl.pc, CMake package);
# and the same two as Debian packages by cpack. Everything installed finds its neighbours by relative paths, so that a prefix
# can be moved.
include(CMakePackageConfigHelpers)

foreach(dir LIBDIR INCLUDEDIR)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${dir}}")
    message(FATAL_ERROR "CMAKE_INSTALL_${dir} must be relative to the prefix, or the installation cannot be moved")
  endif()
endforeach()

# What libdrl.a needs beside it, also in a program that is otherwise plain C.
set(DRL_STATIC_LIBS hiredis sodium stdc++)
target_link_libraries(drl_static INTERFACE "$<INSTALL_INTERFACE:${DRL_STATIC_LIBS}>")

install(TARGETS drl EXPORT drl
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT dev)
install(TARGETS drl_static EXPORT drl
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/drl DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev
  FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(FILES ${PROJECT_BINARY_DIR}/include/drl/version.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/drl COMPONENT dev)

# pkg-config. The way from its file up to the prefix is as long as libdir is deep (lib, or lib/x86_64-linux-gnu).
# No Requires.private: the headers of hiredis and libsodium are no business of a consumer's.
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

# cpack: libdrl<soversion> and libdrl-dev.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME libdrl)
set(CPACK_PACKAGE_VENDOR "The distributed-rate-limiter authors")
set(CPACK_PACKAGE_CONTACT "The distributed-rate-limiter authors")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL runtime dev)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME libdrl${PROJECT_VERSION_MAJOR})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "Distributed rate limiting on Redis (shared library)")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_DEV_PACKAGE_NAME libdrl-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_DESCRIPTION "Distributed rate limiting on Redis (headers, static library)")
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "${CPACK_DEBIAN_RUNTIME_PACKAGE_NAME} (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS "libhiredis-dev, libsodium-dev")
include(CPack)
