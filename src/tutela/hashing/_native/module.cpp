// tutela.hashing._native.kernels: PDQ for Python. Pixels come in decoded; nothing is parsed here.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <numbers>
#include <stdexcept>

#include "pdq.hpp"

namespace nb = nanobind;

namespace {

using Grey = nb::ndarray<const uint8_t, nb::ndim<2>, nb::device::cpu>;
using Rgb = nb::ndarray<const uint8_t, nb::ndim<3>, nb::device::cpu>;
constexpr int BYTES = KEPT * KEPT / 8;
constexpr int FORMS = 8;

const PdqKernels& kernels(const std::string& level) {
#define CHOOSE(name) \
    if (level == #name) return name::pdq_kernels;
    FOR_EACH_LEVEL(CHOOSE)
#undef CHOOSE
    throw std::invalid_argument("There are no kernels of this level.");
}

// The scale is rounded to single precision and the product formed in double, as the reference does.
std::array<float, KEPT * BLOCK> make_cosines() {
    const double scale = float(std::sqrt(2.0 / BLOCK));
    std::array<float, KEPT * BLOCK> made{};
    for (int row = 0; row < KEPT; row++)
        for (int column = 0; column < BLOCK; column++)
            made[row * BLOCK + column] = float(
                scale * std::cos(std::numbers::pi / 2 / BLOCK * (row + 1) * (2 * column + 1)));
    return made;
}
const std::array<float, KEPT * BLOCK> COSINES = make_cosines();

// Working memory that a thread keeps, so that the system need not clear pages for each picture.
char* working_memory(size_t size) {
    struct Kept {
        std::unique_ptr<char, decltype(&std::free)> memory{nullptr, &std::free};
        size_t size = 0;
    };
    constexpr size_t LARGEST_KEPT = 64 << 20;
    thread_local Kept kept;
    if (size > kept.size || kept.size > LARGEST_KEPT) {
        kept.memory.reset();
        kept.size = 0;
        const size_t rounded = (size + 63) / 64 * 64;
        kept.memory.reset(static_cast<char*>(std::aligned_alloc(64, rounded)));
        if (!kept.memory) throw std::bad_alloc();
        kept.size = rounded;
    }
    return kept.memory.get();
}

int quality(const float* block) {
    int sum = 0;
    // Simple loops, which compilers turn into vectors: the division is what takes long.
    const auto steps = [&sum](const float* one, const float* other, int count) {
        for (int place = 0; place < count; place++)
            sum += std::abs(int((one[place] - other[place]) * 100.0f / 255.0f));
    };
    steps(block, block + BLOCK, (BLOCK - 1) * BLOCK);
    for (int row = 0; row < BLOCK; row++) {
        const float* here = block + row * BLOCK;
        steps(here, here + 1, BLOCK - 1);
    }
    return std::min(100, sum / 90);
}

// Bit k is set where term k exceeds the lower median, which is returned; bit 255 comes first.
float bits(const float* terms, uint8_t* hash) {
    std::array<float, KEPT * KEPT> sorted;
    std::copy_n(terms, sorted.size(), sorted.begin());
    const auto middle = sorted.begin() + sorted.size() / 2 - 1;
    std::nth_element(sorted.begin(), middle, sorted.end());
    const float median = *middle;
    for (int byte = 0; byte < BYTES; byte++) {
        int eight = 0;
        for (int bit = 0; bit < 8; bit++) eight |= int(terms[byte * 8 + bit] > median) << bit;
        hash[BYTES - 1 - byte] = uint8_t(eight);
    }
    return median;
}

// The terms of the picture flipped and transposed. Frequencies start at 1, so those of even index
// are odd functions: they change sign when their axis is flipped.
void form(const float* terms, bool transposed, bool flip_rows, bool flip_columns, float* turned) {
    for (int row = 0; row < KEPT; row++)
        for (int column = 0; column < KEPT; column++) {
            const float term = transposed ? terms[column * KEPT + row] : terms[row * KEPT + column];
            const bool negative = (flip_rows && row % 2 == 0) != (flip_columns && column % 2 == 0);
            turned[row * KEPT + column] = negative ? -term : term;
        }
}

template <class Array>
Pixels pixels(const Array& array, int channels) {
    if (channels > 1 && (array.stride(1) != channels || array.stride(2) != 1))
        throw std::invalid_argument("The pixels of a row must lie side by side.");
    if (channels == 1 && array.stride(1) != 1)
        throw std::invalid_argument("The pixels of a row must lie side by side.");
    constexpr size_t LEAST_SIDE = 5;
    if (array.shape(0) < LEAST_SIDE || array.shape(1) < LEAST_SIDE)
        throw std::invalid_argument("A picture has at least five pixels a side.");
    return {array.data(), ptrdiff_t(array.shape(0)), ptrdiff_t(array.shape(1)),
            ptrdiff_t(array.stride(0)), channels};
}

int hash(const Pixels& pixels, const PdqKernels& run, bool dihedral, uint8_t* hashes) {
    alignas(64) float block[BLOCK * BLOCK], terms[KEPT * KEPT], turned[KEPT * KEPT];
    run.block(pixels, working_memory(run.room(pixels.height, pixels.width)), block);
    run.terms(block, COSINES.data(), terms);
    if (!dihedral) {
        bits(terms, hashes);
        return quality(block);
    }
    // transposed, rows flipped, columns flipped: in the order of tutela.hashing.pdq.dihedral.
    constexpr bool FORM[FORMS][3] = {{0, 0, 0}, {1, 1, 0}, {0, 1, 1}, {1, 0, 1},
                                     {0, 1, 0}, {0, 0, 1}, {1, 0, 0}, {1, 1, 1}};
    for (int one = 0; one < FORMS; one++) {
        form(terms, FORM[one][0], FORM[one][1], FORM[one][2], turned);
        bits(turned, hashes + one * BYTES);
    }
    return quality(block);
}

nb::tuple hashed(const Pixels& pixels, const std::string& level, bool dihedral) {
    const PdqKernels& run = kernels(level);
    uint8_t hashes[FORMS * BYTES];
    int quality = 0;
    {
        nb::gil_scoped_release others;
        quality = hash(pixels, run, dihedral, hashes);
    }
    return nb::make_tuple(nb::bytes(hashes, dihedral ? FORMS * BYTES : BYTES), quality);
}

using First = nb::ndarray<const int32_t, nb::shape<BLOCK>, nb::c_contig, nb::device::cpu>;
using Taps = nb::ndarray<const int16_t, nb::shape<BLOCK, -1>, nb::c_contig, nb::device::cpu>;

Weights weights(const First& first, const Taps& taps, ptrdiff_t size) {
    const ptrdiff_t wide = ptrdiff_t(taps.shape(1));
    for (int cell = 0; cell < BLOCK; cell++)
        if (first.data()[cell] < 0 || first.data()[cell] + wide > size)
            throw std::invalid_argument("The weights reach beyond the picture.");
    return {first.data(), taps.data(), wide};
}

nb::tuple weighed(const Grey& grey, const First& rows, const Taps& down, const First& columns,
                  const Taps& across, float tolerance, const std::string& level) {
    const PdqKernels& run = kernels(level);
    const Pixels from = pixels(grey, 1);
    const Weights one = weights(rows, down, from.height), other = weights(columns, across, from.width);
    alignas(64) float block[BLOCK * BLOCK], terms[KEPT * KEPT];
    uint8_t hash[BYTES];
    int doubtful = 0;
    {
        nb::gil_scoped_release others;
        auto* row = reinterpret_cast<int32_t*>(working_memory(size_t(from.width) * sizeof(int32_t)));
        run.weigh(from, one, other, row, block);
        run.terms(block, COSINES.data(), terms);
        const float median = bits(terms, hash);
        for (float term : terms) doubtful += std::abs(term - median) < tolerance;
    }
    return nb::make_tuple(nb::bytes(hash, BYTES), quality(block), doubtful);
}

}  // namespace

NB_MODULE(kernels, module) {
    module.def("levels", &processor::levels);
    module.def(
        "pdq",
        [](const Rgb& rgb, const std::string& level, bool dihedral) {
            if (rgb.shape(2) != 3) throw std::invalid_argument("A pixel has three colours.");
            return hashed(pixels(rgb, 3), level, dihedral);
        },
        nb::arg("rgb"), nb::arg("level"), nb::arg("dihedral") = false);
    module.def(
        "pdq_grey",
        [](const Grey& grey, const std::string& level, bool dihedral) {
            return hashed(pixels(grey, 1), level, dihedral);
        },
        nb::arg("grey"), nb::arg("level"), nb::arg("dihedral") = false);
    module.def("weigh", &weighed, nb::arg("grey"), nb::arg("rows"), nb::arg("down"),
               nb::arg("columns"), nb::arg("across"), nb::arg("tolerance"), nb::arg("level"));
}
