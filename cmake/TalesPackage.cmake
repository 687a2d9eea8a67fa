# `cmake --install` and `cpack -G DEB`: the program, its README, example cluster files, and what fixture local builds from.
if(TARGET tales)
  install(TARGETS tales RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY fixtures/clusters DESTINATION ${CMAKE_INSTALL_DATADIR}/tales FILES_MATCHING PATTERN "*.yaml")
install(DIRECTORY fixtures/local/assets DESTINATION ${CMAKE_INSTALL_DATADIR}/tales/local FILES_MATCHING PATTERN "go.*" PATTERN "*.go")
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_CONTACT "tales maintainers <tales@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "judges a Talos Linux / Kubernetes / Cilium cluster")
set(CPACK_PACKAGE_DESCRIPTION "It adopts a cluster or stands one up, runs suites of checks against it, and says what holds, what broke, why, and what to do next: on the terminal, as JUnit and as JSON.")
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# What next steps in reports use.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "kubernetes-client")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
include(CPack)
