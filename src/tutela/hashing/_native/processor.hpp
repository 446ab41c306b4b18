// Which of the compiled copies of the kernels this processor can run.
#pragma once

#include <string>
#include <vector>

#if defined(__x86_64__)
#define FOR_EACH_LEVEL(DO) DO(sse4) DO(avx2) DO(avx512)
#else
#define FOR_EACH_LEVEL(DO) DO(portable)
#endif

namespace processor {

// The names of the levels that run here, the fastest last. None on a processor without SSE4.2.
inline std::vector<std::string> levels() {
    std::vector<std::string> able;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("popcnt")) return able;
    able.push_back("sse4");
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
        !__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2"))
        return able;
    able.push_back("avx2");
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vpopcntdq") &&
        __builtin_cpu_supports("avx512bitalg"))
        able.push_back("avx512");
#else
    able.push_back("portable");
#endif
    return able;
}

}  // namespace processor
