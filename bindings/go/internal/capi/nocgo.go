//go:build !cgo

package capi

// libdrl is a C library: build with CGO_ENABLED=1, a C compiler and libdrl's drl.pc (see README.md). The next line says so to
// those who do not.
var _ = package_drl_needs_cgo__set_CGO_ENABLED_to_1_and_install_a_C_compiler_and_libdrl
