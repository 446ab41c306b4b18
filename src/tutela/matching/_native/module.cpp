// tutela.matching._native.kernels: radius search and the building of its tables, for Python.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <vector>

#include "multi_index.hpp"

namespace nb = nanobind;

namespace {

template <class T, class... Shape>
using In = nb::ndarray<const T, Shape..., nb::c_contig, nb::device::cpu>;
template <class T, class... Shape>
using Out = nb::ndarray<T, Shape..., nb::c_contig, nb::device::cpu>;
using Hashes = In<uint8_t, nb::shape<-1, HASH_BYTES>>;
using Starts = In<uint32_t, nb::shape<TABLES, KEYS + 1>>;
using Entries = In<uint8_t, nb::shape<TABLES, -1>>;

struct Hit {
    uint32_t query;
    int distance;
    int64_t id;
    auto order() const { return std::tie(query, distance, id); }
    bool operator<(const Hit& other) const { return order() < other.order(); }
    bool operator==(const Hit& other) const { return order() == other.order(); }
};

const SearchKernels& kernels(const std::string& level) {
#define CHOOSE(name) \
    if (level == #name) return name::search_kernels;
    FOR_EACH_LEVEL(CHOOSE)
#undef CHOOSE
    throw std::invalid_argument("There are no kernels of this level.");
}

// Gathers hits under the ids of their rows.
struct Gathered {
    const int64_t* ids;
    std::vector<Hit> hits;

    static void take(void* to, uint32_t query, uint32_t row, int distance) {
        auto* self = static_cast<Gathered*>(to);
        self->hits.push_back({query, distance, self->ids ? self->ids[row] : int64_t(row)});
    }
    Sink sink() { return {this, take}; }
    // Several tables may tell of one row.
    void order() {
        std::sort(hits.begin(), hits.end());
        hits.erase(std::unique(hits.begin(), hits.end()), hits.end());
    }
    void keep(size_t most) {
        if (hits.size() > most) hits.resize(most);
    }
};

void check_radius(int radius) {
    if (radius < 0 || radius > MOST_RADIUS) throw std::invalid_argument("The radius is 0 to 63.");
}

nb::list pairs(const std::vector<Hit>& hits) {
    nb::list found;
    for (const Hit& hit : hits) found.append(nb::make_tuple(hit.id, hit.distance));
    return found;
}

const uint8_t* checked(const nb::bytes& query) {
    if (query.size() != HASH_BYTES) throw std::invalid_argument("A hash has 32 bytes.");
    return static_cast<const uint8_t*>(query.data());
}

template <class T>
nb::object array(std::vector<T> values) {
    auto* kept = new std::vector<T>(std::move(values));
    nb::capsule owner(kept, [](void* vector) noexcept { delete static_cast<std::vector<T>*>(vector); });
    return nb::cast(nb::ndarray<nb::numpy, T, nb::ndim<1>>(kept->data(), {kept->size()}, owner));
}

// A segment's arrays, which it keeps alive.
class Searcher {
  public:
    Searcher(In<int64_t, nb::ndim<1>> ids, Hashes hashes, Starts starts, Entries entries)
        : ids_(std::move(ids)), hashes_(std::move(hashes)), starts_(std::move(starts)),
          entries_(std::move(entries)) {
        const size_t rows = hashes_.shape(0);
        if (rows > MOST_ROWS || ids_.shape(0) != rows || entries_.shape(1) != rows * ENTRY_BYTES)
            throw std::invalid_argument("These arrays are not of one segment.");
        tables_ = {hashes_.data(), starts_.data(), entries_.data(), uint32_t(rows)};
    }

    nb::list search(const nb::bytes& query, int radius, const std::string& level, size_t most) const {
        Gathered nearest = found(checked(query), 1, radius, level);
        nearest.keep(most);
        return pairs(nearest.hits);
    }

    nb::tuple search_many(Hashes queries, int radius, const std::string& level) const {
        if (queries.shape(0) > UINT32_MAX) throw std::invalid_argument("Too many queries at once.");
        const Gathered all = found(queries.data(), uint32_t(queries.shape(0)), radius, level);
        std::vector<uint32_t> which;
        std::vector<int64_t> ids;
        std::vector<uint8_t> distances;
        for (const Hit& hit : all.hits) {
            which.push_back(hit.query);
            ids.push_back(hit.id);
            distances.push_back(uint8_t(hit.distance));
        }
        return nb::make_tuple(array(std::move(which)), array(std::move(ids)), array(std::move(distances)));
    }

  private:
    Gathered found(const uint8_t* queries, uint32_t count, int radius, const std::string& level) const {
        check_radius(radius);
        const SearchKernels& run = kernels(level);
        Gathered gathered{ids_.data(), {}};
        Searched searched;
        {
            nb::gil_scoped_release others;
            searched = run.search(tables_, queries, count, radius, gathered.sink());
            gathered.order();
        }
        if (searched == Searched::corrupt) throw nb::value_error("The tables contradict themselves.");
        return gathered;
    }

    In<int64_t, nb::ndim<1>> ids_;
    Hashes hashes_;
    Starts starts_;
    Entries entries_;
    Tables tables_{};
};

// Rows that lie apart, as records with the hash in them do.
nb::list scan(nb::ndarray<const uint8_t, nb::shape<-1, HASH_BYTES>, nb::device::cpu> hashes,
              const nb::bytes& query, int radius, const std::string& level, size_t most) {
    check_radius(radius);
    if (hashes.shape(0) > UINT32_MAX) throw std::invalid_argument("Too many rows at once.");
    if (hashes.shape(0) && hashes.stride(1) != 1) throw std::invalid_argument("The bytes of a hash lie together.");
    const SearchKernels& run = kernels(level);
    const uint8_t* wanted = checked(query);
    Gathered gathered{nullptr, {}};
    {
        nb::gil_scoped_release others;
        run.scan(hashes.data(), hashes.shape(0), hashes.stride(0), wanted, 0, radius, gathered.sink());
        gathered.order();
    }
    gathered.keep(most);
    return pairs(gathered.hits);
}

// One table: count the keys, then sort in two passes, each of which writes to few places at once.
void build_table(const uint8_t* hashes, uint32_t rows, int table, uint32_t* starts, uint8_t* entries,
                 std::vector<uint64_t>& sorted) {
    const auto word = [hashes](uint32_t row, int place) {
        uint16_t value;
        std::memcpy(&value, hashes + size_t(row) * HASH_BYTES + 2 * place, sizeof value);
        return value;
    };
    constexpr int GROUPS = 256;
    std::fill_n(starts, KEYS + 1, 0u);
    for (uint32_t row = 0; row < rows; row++) starts[word(row, table) + 1]++;
    for (uint32_t key = 0; key < KEYS; key++) starts[key + 1] += starts[key];
    uint32_t next[GROUPS];
    for (int group = 0; group < GROUPS; group++) next[group] = starts[group * GROUPS];
    for (uint32_t row = 0; row < rows; row++) {
        const uint16_t key = word(row, table);
        sorted[next[key / GROUPS]++] = uint64_t(row) << 32 | uint32_t(key) << 16 | word(row, table ^ 1);
    }
    for (int group = 0; group < GROUPS; group++) {
        const uint32_t* bounds = starts + group * GROUPS;
        std::copy_n(bounds, GROUPS, next);
        for (uint32_t at = bounds[0]; at < bounds[GROUPS]; at++) {
            const int key = int(sorted[at] >> 16 & 255);
            const uint32_t place = next[key]++ - bounds[key], held = bounds[key + 1] - bounds[key];
            uint8_t* bucket = entries + size_t(bounds[key]) * ENTRY_BYTES;
            std::memcpy(bucket + 2 * size_t(place), &sorted[at], 2);
            const uint32_t row = uint32_t(sorted[at] >> 32);
            std::memcpy(bucket + 2 * size_t(held) + ROW_BYTES * size_t(place), &row, ROW_BYTES);
        }
    }
}

void build(Hashes hashes, Out<uint32_t, nb::shape<TABLES, KEYS + 1>> starts,
           Out<uint8_t, nb::shape<TABLES, -1>> entries, int threads) {
    const size_t rows = hashes.shape(0);
    if (rows > MOST_ROWS || entries.shape(1) != rows * ENTRY_BYTES || threads < 1)
        throw std::invalid_argument("These arrays are not of one segment.");
    // Allocated before any thread starts: what fails, fails here.
    const auto workers = size_t(std::min(threads, TABLES));
    std::vector<std::vector<uint64_t>> memory(workers, std::vector<uint64_t>(rows));
    const auto work = [&](size_t worker) {
        for (size_t table = worker; table < TABLES; table += workers)
            build_table(hashes.data(), uint32_t(rows), int(table), starts.data() + table * (KEYS + 1),
                        entries.data() + table * rows * ENTRY_BYTES, memory[worker]);
    };
    nb::gil_scoped_release others;
    std::vector<std::thread> running;
    for (size_t worker = 1; worker < workers; worker++) running.emplace_back(work, worker);
    work(0);
    for (std::thread& one : running) one.join();
}

}  // namespace

NB_MODULE(kernels, module) {
    module.def("levels", &processor::levels);
    module.def("build", &build, nb::arg("hashes"), nb::arg("starts"), nb::arg("entries"), nb::arg("threads"));
    module.def("scan", &scan, nb::arg("hashes"), nb::arg("query"), nb::arg("radius"), nb::arg("level"), nb::arg("most"));
    nb::class_<Searcher>(module, "Searcher")
        .def(nb::init<In<int64_t, nb::ndim<1>>, Hashes, Starts, Entries>(), nb::arg("ids"),
             nb::arg("hashes"), nb::arg("starts"), nb::arg("entries"))
        .def("search", &Searcher::search, nb::arg("query"), nb::arg("radius"), nb::arg("level"), nb::arg("most"))
        .def("search_many", &Searcher::search_many, nb::arg("queries"), nb::arg("radius"), nb::arg("level"));
}
