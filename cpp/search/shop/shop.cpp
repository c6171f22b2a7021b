#include "search/shop/shop.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <stdexcept>

#include "search/orders.hpp"

namespace headway::search::shop {
namespace {

// Times are multiplied by up to a million when orders are mixed, and must still fit.
constexpr Time LONGEST_SCHEDULE = Time{1} << 42;
constexpr Time LARGEST_OFFSET = Time{1} << 46;
constexpr double LARGEST_VALUE = 4e18;
// Tails are kept for every task and group.
constexpr std::size_t MOST_TAILS = std::size_t{1} << 22;

std::size_t at(Int i) { return static_cast<std::size_t>(i); }

void add_up(std::vector<Index>& ptr) {
    for (std::size_t i = 1; i < ptr.size(); ++i) {
        ptr[i] += ptr[i - 1];
    }
}

}  // namespace

Shop::Shop(const ProblemView& problem, const CostTables& cost) {
    if (problem.n_tasks() >= std::numeric_limits<Index>::max() / 64 ||
        problem.n_modes() >= std::numeric_limits<Index>::max() / 64) {
        throw std::invalid_argument("shop: there are too many tasks");
    }
    n_tasks_ = static_cast<Index>(problem.n_tasks());
    n_machines_ = static_cast<Index>(problem.n_resources());
    take_modes(problem);
    take_relations(problem);
    take_setups(problem);
    take_costs(cost);
    forward_ = topological_order(
        n_tasks(), [this](Index i) { return before(i); }, [this](Index i) { return after(i); },
        "shop: the relations form a cycle");
    measure();
    check_sizes();
}

void Shop::take_modes(const ProblemView& problem) {
    const TaskTable& tasks = problem.tasks;
    mode_ptr_.assign(tasks.mode_ptr.begin(), tasks.mode_ptr.end());
    duration_.assign(problem.modes.duration.begin(), problem.modes.duration.end());
    machine_ptr_.assign(problem.modes.demand_ptr.begin(), problem.modes.demand_ptr.end());
    machine_.assign(problem.modes.demand_resource.begin(), problem.modes.demand_resource.end());
    Index widest = 1;
    for (std::size_t mode = 0; mode < duration_.size(); ++mode) {
        const std::size_t task = at(problem.modes.task[mode]);
        Time release = std::max({Time{0}, tasks.earliest_start[task],
                                 tasks.earliest_end[task] - duration_[mode]});
        if (tasks.job[task] >= 0) {
            release = std::max(release, problem.jobs.release[at(tasks.job[task])]);
        }
        release_.push_back(release);
        widest = std::max(widest, machine_ptr_[mode + 1] - machine_ptr_[mode]);
    }
    if (widest > 16) {
        throw std::invalid_argument("shop: a mode holds more than 16 machines at once");
    }
    shift_ = std::countr_zero(std::bit_ceil(static_cast<unsigned>(widest)));
    for (Index i = 0; i < n_tasks_; ++i) {
        const auto first = duration_.begin() + first_mode(i);
        fastest_.push_back(
            static_cast<Index>(std::min_element(first, first + n_modes(i)) - first));
    }
}

void Shop::take_relations(const ProblemView& problem) {
    const RelationTable& table = problem.relations;
    before_ptr_.resize(at(n_tasks_) + 1);
    after_ptr_.resize(at(n_tasks_) + 1);
    std::vector<std::size_t> kept;
    for (std::size_t r = 0; r < table.kind.size(); ++r) {
        if (table.min_lag[r] > -FOREVER) {
            kept.push_back(r);
            ++before_ptr_[at(table.after[r]) + 1];
            ++after_ptr_[at(table.before[r]) + 1];
        }
    }
    add_up(before_ptr_);
    add_up(after_ptr_);
    before_.resize(kept.size());
    after_.resize(kept.size());
    std::vector<Index> next_before(before_ptr_), next_after(after_ptr_);
    for (const std::size_t r : kept) {
        const Int kind = table.kind[r];
        const bool from_end = kind == END_START || kind == END_END;
        const bool to_end = kind == START_END || kind == END_END;
        const auto a = static_cast<Index>(table.before[r]), b = static_cast<Index>(table.after[r]);
        const auto place = static_cast<std::uint32_t>(lags_.size());
        for (Index m = first_mode(a); m < first_mode(a) + n_modes(a); ++m) {
            for (Index l = first_mode(b); l < first_mode(b) + n_modes(b); ++l) {
                const Time lag = table.min_lag[r] + (from_end ? duration(m) : 0) -
                                 (to_end ? duration(l) : 0) +
                                 (table.transfer[r] ? problem.transfer(m, l) : 0);
                if (lag < 0) {
                    throw std::invalid_argument("shop: a task may start before one that it waits "
                                                "for");
                }
                lags_.push_back(lag);
            }
        }
        before_[at(next_before[at(b)]++)] = {a, n_modes(b), place};
        after_[at(next_after[at(a)]++)] = {b, n_modes(b), place};
    }
    if (lags_.size() >= std::numeric_limits<std::uint32_t>::max()) {
        throw std::invalid_argument("shop: there are too many relations between modes");
    }
}

// All matrices get the same shape: a row and a column for tasks without family, whose setups are
// zero, and a last row for the initial state.
void Shop::take_setups(const ProblemView& problem) {
    Int families = 0;
    for (const Matrix& matrix : problem.setups) {
        families = std::max(families, matrix.columns);
    }
    stride_ = at(families) + 1;
    setup_.assign(at(n_machines_), NO_SETUP);
    std::vector<std::size_t> base;
    for (const Matrix& matrix : problem.setups) {
        base.push_back(times_.size());
        times_.resize(times_.size() + (stride_ + 1) * stride_);
        for (Int a = 0; a < matrix.rows; ++a) {
            const Int line = a == matrix.columns ? families + 1 : a;
            for (Int b = 0; b < matrix.columns; ++b) {
                times_[base.back() + at(line) * stride_ + at(b)] = matrix(a, b);
            }
        }
    }
    for (std::size_t m = 0; m < setup_.size(); ++m) {
        if (problem.resources.setup[m] >= 0) {
            setup_[m] = base[at(problem.resources.setup[m])];
            has_setups_ = true;
        }
    }
    for (const Int family : problem.tasks.family) {
        to_.push_back(static_cast<Index>(family < 0 ? families : family));
    }
    from_ = to_;
    to_.push_back(static_cast<Index>(families));
    from_.push_back(static_cast<Index>(families + 1));
}

void Shop::take_costs(const CostTables& cost) {
    const std::size_t n = cost.threshold.size();
    if (cost.slope.size() != n || cost.jump.size() != n || cost.member_ptr.size() != n + 1 ||
        cost.member.size() != cost.offset.size() || cost.member_ptr.front() != 0 ||
        cost.member_ptr.back() != static_cast<Int>(cost.member.size()) ||
        !std::ranges::is_sorted(cost.member_ptr)) {
        throw std::invalid_argument("shop: columns of the cost table differ in length");
    }
    if (std::ranges::any_of(cost.member, [&](Int i) { return i < 0 || i >= n_tasks_; })) {
        throw std::out_of_range("shop: a group names a task that does not exist");
    }
    const auto far = [](Int value) { return value > LARGEST_OFFSET || value < -LARGEST_OFFSET; };
    const auto negative = [](Int value) { return value < 0; };
    if (std::ranges::any_of(cost.offset, far) || std::ranges::any_of(cost.threshold, far) ||
        std::ranges::any_of(cost.slope, negative) || std::ranges::any_of(cost.jump, negative)) {
        throw std::invalid_argument("shop: dates are out of bounds or costs negative");
    }
    double largest = 0;
    membership_ptr_.resize(at(n_tasks_) + 1);
    for (std::size_t g = 0; g < n; ++g) {
        groups_.push_back({cost.threshold[g], cost.slope[g], cost.jump[g]});
        largest += static_cast<double>(cost.jump[g]) +
                   static_cast<double>(cost.slope[g]) *
                       static_cast<double>(LONGEST_SCHEDULE + LARGEST_OFFSET - cost.threshold[g]);
    }
    if (largest > LARGEST_VALUE) {
        throw std::invalid_argument("shop: weights are too large; divide them by a common factor");
    }
    for (const Int task : cost.member) {
        ++membership_ptr_[at(task) + 1];
    }
    add_up(membership_ptr_);
    membership_.resize(cost.member.size());
    std::vector<Index> next(membership_ptr_);
    for (std::size_t g = 0; g < n; ++g) {
        for (Int e = cost.member_ptr[g]; e < cost.member_ptr[g + 1]; ++e) {
            membership_[at(next[at(cost.member[at(e)])]++)] = {static_cast<Index>(g),
                                                               cost.offset[at(e)]};
        }
    }
    constant_ = cost.constant;
}

void Shop::measure() {
    for (Index i = 0; i < n_tasks_; ++i) {
        tail_.push_back(duration(first_mode(i) + fastest(i)));
    }
    step_ = tail_;
    for (auto i = forward_.rbegin(); i != forward_.rend(); ++i) {
        for (const Link& link : after(*i)) {
            const auto table = lags_.begin() + link.table;
            const Time lag = *std::min_element(table, table + n_modes(*i) * link.stride);
            tail_[at(*i)] = std::max(tail_[at(*i)], lag + tail_[at(link.task)]);
            step_[at(*i)] = std::min(step_[at(*i)], lag);
        }
    }
}

void Shop::check_sizes() const {
    if (at(n_tasks_) * std::max<std::size_t>(groups_.size(), 1) > MOST_TAILS) {
        throw std::invalid_argument("shop: there are too many tasks and jobs");
    }
    // No schedule without needless waiting is longer than all of this together.
    Time total = 0;
    const auto add = [&total](const std::vector<Time>& column, Time times) {
        for (const Time value : column) {
            total += std::min(value, LONGEST_SCHEDULE) * times;
            if (total >= LONGEST_SCHEDULE) {
                throw std::invalid_argument("shop: times add up to 2^42 or more; choose a coarser "
                                            "tick");
            }
        }
    };
    add(duration_, 1);
    add(release_, 1);
    add(lags_, 1);
    const Time longest = times_.empty() ? 0 : *std::ranges::max_element(times_);
    add(std::vector<Time>(at(n_tasks_), std::min(longest, LONGEST_SCHEDULE)), Time{1} << shift_);
}

}  // namespace headway::search::shop
