# One kernel source is compiled once for each level of the processor; which of them runs is chosen
# while running (processor.hpp). A level is a namespace, so the copies never meet.

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
  set(KERNEL_LEVELS sse4 avx2 avx512)
else()
  set(KERNEL_LEVELS portable)
endif()
set(FLAGS_portable "")
set(FLAGS_sse4 -msse4.2 -mpopcnt)
set(FLAGS_avx2 ${FLAGS_sse4} -mavx2 -mfma -mbmi -mbmi2 -mlzcnt)
set(FLAGS_avx512 ${FLAGS_avx2} -mavx512f -mavx512bw -mavx512cd -mavx512dq -mavx512vl
  -mavx512vpopcntdq -mavx512bitalg -mprefer-vector-width=512)

set(SANITIZE -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g)

# add_kernels(PACKAGE SOURCE...): makes tutela/PACKAGE/_native/kernels from module.cpp and,
# once for each level, SOURCE.cpp.
function(add_kernels package)
  set(folder ${CMAKE_CURRENT_SOURCE_DIR}/src/tutela/${package}/_native)
  set(target ${package}_kernels)
  # For speed: the last steps of hashing, and the order of what a search found, are in the module.
  nanobind_add_module(${target} NB_STATIC NOMINSIZE ${folder}/module.cpp)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME kernels
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${package})
  set(shared ${CMAKE_CURRENT_SOURCE_DIR}/src/tutela/hashing/_native)  # processor.hpp, lanes.hpp
  target_include_directories(${target} PRIVATE ${shared})
  if(TUTELA_SANITIZE)
    target_compile_options(${target} PRIVATE ${SANITIZE})
    target_link_options(${target} PRIVATE ${SANITIZE})
  endif()
  foreach(level ${KERNEL_LEVELS})
    set(objects ${target}_${level})
    list(TRANSFORM ARGN PREPEND ${folder}/ OUTPUT_VARIABLE sources)
    list(TRANSFORM sources APPEND .cpp)
    add_library(${objects} OBJECT ${sources})
    set_target_properties(${objects} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden)
    # No contraction: a fused product would round once where the reference rounds twice.
    target_include_directories(${objects} PRIVATE ${shared})
    target_compile_options(${objects} PRIVATE -O3 -ffp-contract=off -fno-math-errno -Wall -Wextra -Werror=return-type ${FLAGS_${level}})
    target_compile_definitions(${objects} PRIVATE LEVEL=${level})
    if(TUTELA_SANITIZE)
      target_compile_options(${objects} PRIVATE ${SANITIZE})
    endif()
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${objects}>)
  endforeach()
  install(TARGETS ${target} LIBRARY DESTINATION tutela/${package}/_native)
endfunction()
