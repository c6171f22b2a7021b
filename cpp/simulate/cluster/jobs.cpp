#include "simulate/cluster/jobs.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace headway::simulate {
namespace {

constexpr Int LONGEST = Int{1} << 44;  // so that sums of times never overflow

void require(bool holds, const char* what) {
    if (!holds) {
        throw std::invalid_argument(std::string("jobs: ") + what);
    }
}

bool within(Ints column, Int low, Int high) {
    return std::ranges::all_of(column, [=](Int x) { return low <= x && x <= high; });
}

}  // namespace

void require_sound(const Jobs& jobs, Int capacity) {
    const std::size_t n = jobs.submit.size();
    require(jobs.run.size() == n && jobs.estimate.size() == n && jobs.amount.size() == n,
            "columns of different lengths");
    require(capacity <= LONGEST, "a capacity out of range");
    require(within(jobs.submit, 0, LONGEST) && std::ranges::is_sorted(jobs.submit),
            "submissions that are not in order or out of range");
    require(within(jobs.run, 0, LONGEST), "a run time out of range");
    require(within(jobs.estimate, 1, LONGEST), "an estimate out of range");
    require(within(jobs.amount, 1, capacity), "an amount that is not from 1 to the capacity");
    Int work = n == 0 ? 0 : jobs.submit.back();
    for (std::size_t job = 0; job < n; ++job) {
        // Reservations may lie behind one another, each as long as its estimate.
        work += std::max(jobs.run[job], jobs.estimate[job]);
        require(work <= FOREVER / 8, "times that add up to too much");
    }
}

ByScore::ByScore(const Jobs& jobs, Int per_unit, Score score)
    : jobs_(jobs), per_unit_(static_cast<double>(per_unit)), score_(std::move(score)) {}

double ByScore::value(Column column, std::size_t job, Int now, Int executed) const {
    const auto estimate = static_cast<double>(jobs_.estimate[job]);
    const double processors = static_cast<double>(jobs_.amount[job]) / per_unit_;
    switch (column) {
        case Column::NOW: return static_cast<double>(now);
        case Column::SUBMIT: return static_cast<double>(jobs_.submit[job]);
        case Column::WAIT: return static_cast<double>(now - jobs_.submit[job] - executed);
        case Column::REQUESTED: return estimate;
        case Column::PROCESSORS: return processors;
        case Column::AREA: return estimate * processors;
        case Column::REMAINING: return std::max(estimate - static_cast<double>(executed), 0.0);
        case Column::ATTAINED: return static_cast<double>(executed) * processors;
    }
    return 0;
}

void ByScore::operator()(Int now, std::vector<Int>& jobs, Ints executed) {
    keyed_.clear();
    for (const Int number : jobs) {
        const auto job = static_cast<std::size_t>(number);
        const Int done = executed.empty() ? 0 : executed[job];
        const double key = -score_(
            [&](Int column) { return value(static_cast<Column>(column), job, now, done); });
        // What is not a number comes last, for sorting needs an order.
        keyed_.emplace_back(std::isnan(key) ? HUGE_VAL : key, number);
    }
    std::ranges::sort(keyed_);
    for (std::size_t k = 0; k < jobs.size(); ++k) {
        jobs[k] = keyed_[k].second;
    }
}

}  // namespace headway::simulate
