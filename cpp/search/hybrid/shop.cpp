#include "search/hybrid/shop.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

#include "search/checks.hpp"

namespace headway::search::hybrid {

Shop::Shop(const ShopTables& tables) {
    check(tables);
    n_jobs_ = static_cast<Index>(tables.release.size());
    aim_ = static_cast<Aim>(tables.aim);
    floor_ = tables.floor;
    first_ = narrowed(tables.stage_ptr);
    duration_ = narrowed(tables.duration);
    release_ = narrowed(tables.release);
    due_ = narrowed(tables.due);
    weight_.assign(tables.weight.begin(), tables.weight.end());
    measure();
}

void Shop::check(const ShopTables& tables) {
    const std::size_t n = tables.release.size();
    require(n > 0 && n < (1U << 24), "hybrid flow shop: there is no job, or too many");
    const Ints ptr = tables.stage_ptr;
    require(ptr.size() >= 2 && ptr[0] == 0 && ptr.back() < (1 << 24) &&
                std::ranges::adjacent_find(ptr, std::greater_equal{}) == ptr.end(),
            "hybrid flow shop: a stage has no machine, or there are too many");
    const auto m = static_cast<std::size_t>(ptr.back());
    require(tables.duration.size() == n * m && tables.due.size() == n && tables.weight.size() == n,
            "hybrid flow shop: the columns differ in length");
    require(tables.aim >= 0 && tables.aim <= 2, "hybrid flow shop: there is no such aim");
    const char* too_large = "hybrid flow shop: the times are negative or need a coarser tick";
    Int total = 0;
    for (std::size_t j = 0; j < n; ++j) {
        require(tables.release[j] >= 0 && tables.release[j] < LONGEST, too_large);
        require(tables.due[j] > -LONGEST && tables.due[j] <= NO_DUE, too_large);
        total = std::max(total, tables.release[j]);
    }
    for (std::size_t j = 0; j < n; ++j) {
        for (std::size_t s = 0; s + 1 < ptr.size(); ++s) {
            Int most = UNABLE;
            for (auto k = static_cast<std::size_t>(ptr[s]); k < static_cast<std::size_t>(ptr[s + 1]);
                 ++k) {
                const Int duration = tables.duration[j * m + k];
                require(duration >= UNABLE && duration < LONGEST, too_large);
                most = std::max(most, duration);
            }
            require(most != UNABLE, "hybrid flow shop: no machine of a stage can do a job");
            total += most;
        }
    }
    require(total < LONGEST, too_large);
    require_weights(tables.weight, "hybrid flow shop: the weights are negative or too large");
}

void Shop::measure() {
    identical_.assign(at(n_stages()), true);
    behind_.assign(at(n_jobs_) * at(n_stages()), 0);
    work_.assign(at(n_jobs_), 0);
    reversible_ = aim_ == Aim::LATEST;
    for (Index job = 0; job < n_jobs_; ++job) {
        reversible_ = reversible_ && release(job) == 0 && due(job) == 0;
        Time rest = 0;
        for (Index s = n_stages() - 1; s >= 0; --s) {
            behind_[at(job) * at(n_stages()) + at(s)] = rest;
            Time least = LONGEST;
            const Time* p = duration(job);
            for (Index k = first_machine(s); k < first_machine(s) + n_machines(s); ++k) {
                identical_[at(s)] = identical_[at(s)] && p[k] == p[first_machine(s)];
                least = p[k] == UNABLE ? least : std::min(least, p[k]);
            }
            rest += least;
        }
        work_[at(job)] = rest;
    }
    const Int sum = std::accumulate(work_.begin(), work_.end(), Int{0});
    mean_ = 1024 * sum / (Int{n_jobs_} * n_stages());
}

Shop Shop::reversed() const {
    Shop other = *this;
    const Index m = n_machines();
    for (Index s = 0; s <= n_stages(); ++s) {
        other.first_[at(s)] = m - first_[at(n_stages() - s)];
    }
    for (Index job = 0; job < n_jobs_; ++job) {
        const auto row = other.duration_.begin() + job * m;
        std::reverse(row, row + m);
    }
    other.measure();
    return other;
}

}  // namespace headway::search::hybrid
