#include "search/job_shop/shop.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace headway::search::job_shop {
namespace {

// Times are multiplied by up to a million when orders are mixed, and must still fit.
constexpr Int LONGEST_SCHEDULE = Int{1} << 42;

const ShopTables& checked(const ShopTables& tables) {
    const std::size_t n = tables.machine.size();
    if (tables.duration.size() != n || tables.release.size() != n ||
        tables.after.size() != tables.before.size() || tables.lag.size() != tables.before.size()) {
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
        std::ranges::any_of(tables.release, negative) ||
        std::ranges::any_of(tables.lag, negative)) {
        throw std::invalid_argument("job shop: durations, releases and lags may not be negative");
    }
    Int total = 0;  // no schedule without needless waiting is longer
    for (const Ints column : {tables.duration, tables.release, tables.lag}) {
        for (const Int value : column) {
            total += std::min(value, LONGEST_SCHEDULE);
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
    return tables;
}

}  // namespace

Shop::Links::Links(std::size_t n, Ints key, Ints other, Ints lag) : ptr(n + 1), links(key.size()) {
    for (const Int k : key) {
        ++ptr[static_cast<std::size_t>(k) + 1];
    }
    for (std::size_t i = 0; i < n; ++i) {
        ptr[i + 1] += ptr[i];
    }
    std::vector<std::size_t> next(ptr.begin(), ptr.end() - 1);
    for (std::size_t a = 0; a < key.size(); ++a) {
        links[next[static_cast<std::size_t>(key[a])]++] = {static_cast<Index>(other[a]), lag[a]};
    }
}

Shop::Shop(const ShopTables& tables)
    : machine_(checked(tables).machine.begin(), tables.machine.end()),
      duration_(tables.duration.begin(), tables.duration.end()),
      release_(tables.release.begin(), tables.release.end()),
      before_(machine_.size(), tables.after, tables.before, tables.lag),
      after_(machine_.size(), tables.before, tables.after, tables.lag) {
    sort();
    measure();
}

void Shop::sort() {
    std::vector<std::size_t> waits(machine_.size());
    forward_.reserve(machine_.size());
    for (Index i = 0; i < n_tasks(); ++i) {
        waits[at(i)] = before(i).size();
        if (waits[at(i)] == 0) {
            forward_.push_back(i);
        }
    }
    for (std::size_t k = 0; k < forward_.size(); ++k) {
        for (const Link& link : after(forward_[k])) {
            if (--waits[at(link.task)] == 0) {
                forward_.push_back(link.task);
            }
        }
    }
    if (forward_.size() != machine_.size()) {
        throw std::invalid_argument("job shop: the relations form a cycle");
    }
}

void Shop::measure() {
    tail_ = duration_;
    step_ = duration_;
    for (auto i = forward_.rbegin(); i != forward_.rend(); ++i) {
        for (const Link& link : after(*i)) {
            tail_[at(*i)] = std::max(tail_[at(*i)], link.lag + tail_[at(link.task)]);
            step_[at(*i)] = std::min(step_[at(*i)], link.lag);
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

}  // namespace headway::search::job_shop
