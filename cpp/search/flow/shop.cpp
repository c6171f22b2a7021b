#include "search/flow/shop.hpp"

#include <algorithm>
#include <numeric>

#include "search/checks.hpp"

namespace headway::search::flow {
namespace {

// The largest value, or 0; throws where any is outside the range.
Int largest(Ints values, Int low, Int high, const char* message) {
    Int most = 0;
    for (const Int value : values) {
        require(value >= low && value <= high, message);
        most = std::max(most, value);
    }
    return most;
}

}  // namespace

Shop::Shop(const ShopTables& tables)
    : n_jobs_(static_cast<Index>(tables.release.size())),
      n_machines_(static_cast<Index>(tables.n_machines)),
      aim_(static_cast<Aim>(tables.aim)),
      blocking_(tables.blocking),
      floor_(tables.floor) {
    check(tables);
    duration_ = narrowed(tables.duration);
    release_ = narrowed(tables.release);
    due_ = narrowed(tables.due);
    setup_ = narrowed(tables.setup);
    weight_.assign(tables.weight.begin(), tables.weight.end());
    for (Index job = 0; job < n_jobs_; ++job) {
        work_.push_back(std::accumulate(duration(job), duration(job) + n_machines_, Int{0}));
    }
}

void Shop::check(const ShopTables& tables) const {
    const std::size_t n = tables.release.size();
    require(n > 0 && n < (1U << 24), "flow shop: there is no job, or too many");
    require(tables.n_machines > 0 && tables.n_machines < (1 << 24),
            "flow shop: there is no machine, or too many");
    const auto m = static_cast<std::size_t>(tables.n_machines);
    require(tables.duration.size() == n * m && tables.due.size() == n && tables.weight.size() == n,
            "flow shop: the columns differ in length");
    require(tables.setup.empty() || tables.setup.size() == (n + 1) * n * m,
            "flow shop: there are setup times for other jobs or machines");
    require(tables.aim >= 0 && tables.aim <= 2, "flow shop: there is no such aim");
    require(tables.setup.empty() || !tables.blocking,
            "flow shop: blocking together with setup times is not understood");
    const char* too_large = "flow shop: the times are negative or need a coarser tick";
    largest(tables.duration, 0, LONGEST, too_large);
    largest(tables.due, -LONGEST, NO_DUE, too_large);
    require_weights(tables.weight, "flow shop: the weights are negative or too large");
    Int total = largest(tables.release, 0, LONGEST, too_large);
    total += static_cast<Int>(n) * largest(tables.setup, -Int{LONGEST}, LONGEST, too_large);
    for (const Int duration : tables.duration) {
        total += duration;
    }
    require(total < LONGEST, too_large);
}

}  // namespace headway::search::flow
