# Tells CMake that the target is known. Everything is linked statically, without position
# independent code.
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)
set(CMAKE_EXECUTABLE_SUFFIX .wasm)
