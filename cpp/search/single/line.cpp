#include "search/single/line.hpp"

#include <limits>
#include <stdexcept>

namespace headway::search::single {

Line::Line(const Columns& columns) : overall_(columns.overall) {
    const std::size_t n = columns.work.size();
    for (const Ints column :
         {columns.release, columns.due, columns.per_tick, columns.per_late, columns.if_late}) {
        if (column.size() != n) {
            throw std::invalid_argument("line: columns of different lengths");
        }
    }
    if (!columns.setup.empty() && columns.setup.size() != (n + 1) * n) {
        throw std::invalid_argument("line: setups are to have n + 1 rows of n");
    }
    if (n >= (std::size_t{1} << 30)) {
        throw std::invalid_argument("line: too many jobs");
    }
    const auto negative = [](Ints values) {
        return std::any_of(values.begin(), values.end(), [](Int x) { return x < 0; });
    };
    for (const Ints column : {columns.work, columns.release, columns.per_tick, columns.per_late,
                              columns.if_late, columns.setup}) {
        if (negative(column)) {
            throw std::invalid_argument("line: a negative time or weight");
        }
    }
    if (overall_.makespan < 0 || overall_.max_lateness < 0 || overall_.max_tardiness < 0 ||
        overall_.setup < 0) {
        throw std::invalid_argument("line: a negative weight");
    }
    jobs_.reserve(n);
    for (std::size_t j = 0; j < n; ++j) {
        jobs_.push_back({columns.work[j], columns.release[j], columns.due[j], columns.per_tick[j],
                         columns.per_late[j], columns.if_late[j]});
        releases_ = releases_ || columns.release[j] > 0;
        total_work_ += columns.work[j];
    }
    setup_.assign(columns.setup.begin(), columns.setup.end());
}

bool Line::is_total_tardiness() const {
    return is_separable() && overall_.makespan == 0 && !jobs_.empty() &&
           std::all_of(jobs_.begin(), jobs_.end(), [&](const Job& job) {
               return job.per_tick == 0 && job.if_late == 0 && job.per_late > 0 &&
                      job.per_late == jobs_.front().per_late;
           });
}

Int Line::value(std::span<const Index> order) const {
    Int now = 0, sum = 0, setups = 0, latest = std::numeric_limits<Int>::min();
    Index before = size();
    for (const Index j : order) {
        setups += setup(before, j);
        now = end(before, now, j);
        sum += job(j).cost(now);
        if (job(j).due < FOREVER) {
            latest = std::max(latest, now - job(j).due);
        }
        before = j;
    }
    const bool dated = latest != std::numeric_limits<Int>::min();
    return sum + overall_.makespan * now + overall_.setup * setups +
           (dated ? overall_.max_lateness * latest : 0) +
           overall_.max_tardiness * std::max(Int{0}, latest);
}

}  // namespace headway::search::single
