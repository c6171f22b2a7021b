#include "search/job_shop/shop.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "search/orders.hpp"

namespace headway::search::job_shop {
namespace {

// Times are multiplied by up to a million when orders are mixed, and must still fit.
constexpr Int LONGEST_SCHEDULE = Int{1} << 42;

// Whether a task may start before one that it waits for.
bool negative_lag(const ShopTables& tables) {
    for (std::size_t k = 0; k < tables.lag.size(); ++k) {
        const auto before = static_cast<std::size_t>(tables.before[k]);
        const Int shortest = tables.from_end[k] ? tables.duration[before] : 0;
        if (tables.lag[k] < -shortest) {
            return true;
        }
    }
    return false;
}

const ShopTables& checked(const ShopTables& tables) {
    const std::size_t n = tables.machine.size();
    if (tables.duration.size() != n || tables.release.size() != n ||
        tables.pauses.size() != n || tables.after.size() != tables.before.size() ||
        tables.lag.size() != tables.before.size() ||
        tables.from_end.size() != tables.before.size() ||
        tables.break_start.size() != tables.break_machine.size() ||
        tables.break_end.size() != tables.break_machine.size()) {
        throw std::invalid_argument("job shop: columns of one table differ in length");
    }
    if (n >= static_cast<std::size_t>(std::numeric_limits<Index>::max())) {
        throw std::invalid_argument("job shop: too many tasks");
    }
    const auto outside = [n](Int task) { return task < 0 || task >= static_cast<Int>(n); };
    if (std::ranges::any_of(tables.before, outside) || std::ranges::any_of(tables.after, outside)) {
        throw std::out_of_range("job shop: a relation names a task that does not exist");
    }
    const auto negative = [](Int value) { return value < 0; };
    if (std::ranges::any_of(tables.duration, negative) ||
        std::ranges::any_of(tables.release, negative) || negative_lag(tables)) {
        throw std::invalid_argument("job shop: durations, releases and lags may not be negative");
    }
    Int total = 0;  // no schedule without needless waiting is longer
    for (const Ints column : {tables.duration, tables.release, tables.lag, tables.break_end}) {
        for (const Int value : column) {
            total += std::clamp<Int>(value, 0, LONGEST_SCHEDULE);
            if (total >= LONGEST_SCHEDULE) {
                throw std::invalid_argument("job shop: durations, releases and lags add up to 2^42 "
                                            "or more; choose a coarser tick");
            }
        }
    }
    const auto no_machine = [n](Int machine) {
        return machine < ABSENT || machine >= static_cast<Int>(std::max<std::size_t>(n, 1) * 64);
    };
    if (std::ranges::any_of(tables.machine, no_machine)) {
        throw std::out_of_range("job shop: machines are to be numbered from 0 without large gaps");
    }
    const auto unknown = [&](Int machine) {
        return machine < 0 || std::ranges::find(tables.machine, machine) == tables.machine.end();
    };
    if (std::ranges::any_of(tables.break_machine, unknown)) {
        throw std::out_of_range("job shop: a break belongs to a machine without tasks");
    }
    for (std::size_t k = 0; k < tables.break_start.size(); ++k) {
        if (tables.break_start[k] < 0 || tables.break_start[k] >= tables.break_end[k]) {
            throw std::invalid_argument("job shop: a break ends before it starts");
        }
    }
    return tables;
}

}  // namespace

Shop::Shop(const ShopTables& tables)
    : machine_(checked(tables).machine.begin(), tables.machine.end()),
      duration_(tables.duration.begin(), tables.duration.end()),
      release_(tables.release.begin(), tables.release.end()),
      before_(links(machine_.size(), tables.after, tables.before, tables.lag, tables.from_end)),
      after_(links(machine_.size(), tables.before, tables.after, tables.lag, tables.from_end)),
      pauses_(tables.pauses.begin(), tables.pauses.end()) {
    forward_ = topological_order(
        n_tasks(), [this](Index i) { return before(i); }, [this](Index i) { return after(i); },
        "job shop: the relations form a cycle");
    measure();
    rest(tables);
}

void Shop::measure() {
    tail_ = duration_;
    step_ = duration_;
    for (auto i = forward_.rbegin(); i != forward_.rend(); ++i) {
        for (const Link& link : after(*i)) {
            tail_[at(*i)] = std::max(tail_[at(*i)], link.length(duration(*i)) + tail_[at(link.task)]);
            step_[at(*i)] = std::min(step_[at(*i)], link.length(duration(*i)));
        }
    }
    const Index last = machine_.empty() ? ABSENT : *std::ranges::max_element(machine_);
    n_machines_ = last + 1;
    std::vector<Index> count(at(n_machines_));
    slot_.resize(machine_.size());
    for (std::size_t i = 0; i < machine_.size(); ++i) {
        if (machine_[i] >= 0) {
            slot_[i] = count[at(machine_[i])]++;
            crowd_ = std::max(crowd_, count[at(machine_[i])]);
        }
    }
}

void Shop::rest(const ShopTables& tables) {
    std::vector<std::vector<Break>> breaks(at(n_machines_ + 1));
    for (std::size_t k = 0; k < tables.break_machine.size(); ++k) {
        breaks[static_cast<std::size_t>(tables.break_machine[k]) + 1].push_back(
            {tables.break_start[k], tables.break_end[k]});
    }
    for (auto& row : breaks) {
        has_breaks_ = has_breaks_ || !row.empty();
        calendars_.emplace_back(std::move(row));
    }
}

}  // namespace headway::search::job_shop
