# The generated header drl/version.h, beside the others for the build, and installed with them.
configure_file(${PROJECT_SOURCE_DIR}/include/drl/version.h.in ${PROJECT_BINARY_DIR}/include/drl/version.h @ONLY)
configure_file(${PROJECT_SOURCE_DIR}/include/drl/export.h ${PROJECT_BINARY_DIR}/include/drl/export.h COPYONLY)
