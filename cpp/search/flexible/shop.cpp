#include "search/flexible/shop.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "search/flexible/prices.hpp"
#include "search/orders.hpp"

namespace headway::search::flexible {
namespace {

// Times are multiplied by up to a million when plans are mixed, and must still fit.
constexpr Int LONGEST_SCHEDULE = Int{1} << 42;

void check_lengths(const ShopTables& tables) {
    const std::size_t n_modes = tables.machine.size(), n_relations = tables.before.size();
    if (tables.mode_ptr.empty() || tables.duration.size() != n_modes ||
        tables.release.size() != n_modes || tables.after.size() != n_relations ||
        tables.lag.size() != n_relations || tables.from_end.size() != n_relations) {
        throw std::invalid_argument("flexible shop: columns of one table differ in length");
    }
    if (n_modes >= static_cast<std::size_t>(std::numeric_limits<Index>::max())) {
        throw std::invalid_argument("flexible shop: too many modes");
    }
}

void check_positions(const ShopTables& tables) {
    const auto n = static_cast<Int>(tables.mode_ptr.size()) - 1;
    const auto n_modes = static_cast<Int>(tables.machine.size());
    const auto none = [](Int low, Int high) { return low >= high; };
    if (tables.mode_ptr.front() != 0 || tables.mode_ptr.back() != n_modes ||
        std::ranges::adjacent_find(tables.mode_ptr, none) != tables.mode_ptr.end()) {
        throw std::invalid_argument("flexible shop: every task is to have a mode");
    }
    const auto outside = [n](Int task) { return task < 0 || task >= n; };
    if (std::ranges::any_of(tables.before, outside) || std::ranges::any_of(tables.after, outside)) {
        throw std::out_of_range("flexible shop: a relation names a task that does not exist");
    }
    const auto no_machine = [n_modes](Int machine) {
        return machine < ABSENT || machine >= std::max<Int>(n_modes, 1) * 64;
    };
    if (std::ranges::any_of(tables.machine, no_machine)) {
        throw std::out_of_range(
            "flexible shop: machines are to be numbered from 0 without large gaps");
    }
}

void check_times(const ShopTables& tables) {
    Int total = 0;  // no schedule without needless waiting is longer
    const auto add = [&total](Int value) {
        total += std::clamp(value, -LONGEST_SCHEDULE, LONGEST_SCHEDULE);
        if (total >= LONGEST_SCHEDULE) {
            throw std::invalid_argument("flexible shop: durations, releases and lags add up to "
                                        "2^42 or more; choose a coarser tick");
        }
    };
    const auto shortest = [&tables](Int task) {
        const Ints durations = row(tables.mode_ptr, tables.duration, task);
        return *std::ranges::min_element(durations);
    };
    for (const Ints column : {tables.duration, tables.release}) {
        for (const Int value : column) {
            if (value < 0) {
                throw std::invalid_argument(
                    "flexible shop: durations and releases may not be negative");
            }
            add(value);
        }
    }
    for (std::size_t a = 0; a < tables.lag.size(); ++a) {
        const Int least = tables.from_end[a] ? shortest(tables.before[a]) : 0;
        if (tables.lag[a] < -least) {
            throw std::invalid_argument(
                "flexible shop: a task may start before one that it waits for");
        }
        add(std::max<Int>(tables.lag[a], 0));
    }
}

const ShopTables& checked(const ShopTables& tables) {
    check_lengths(tables);
    check_positions(tables);
    check_times(tables);
    return tables;
}

}  // namespace

Shop::Shop(const ShopTables& tables)
    : first_mode_(checked(tables).mode_ptr.begin(), tables.mode_ptr.end()),
      before_(links(at(n_tasks()), tables.after, tables.before, tables.lag, tables.from_end)),
      after_(links(at(n_tasks()), tables.before, tables.after, tables.lag, tables.from_end)) {
    for (std::size_t m = 0; m < tables.machine.size(); ++m) {
        const auto machine = static_cast<Index>(tables.machine[m]);
        modes_.push_back({tables.duration[m], tables.release[m], machine});
        n_machines_ = std::max(n_machines_, machine + 1);
    }
    forward_ = topological_order(
        n_tasks(), [this](Index i) { return before(i); }, [this](Index i) { return after(i); },
        "flexible shop: the relations form a cycle");
    measure();
    weigh();
}

void Shop::measure() {
    for (Index i = 0; i < n_tasks(); ++i) {
        Time least = std::numeric_limits<Time>::max(), most = 0;
        for (Index m = first_mode(i); m < end_mode(i); ++m) {
            least = std::min(least, mode(m).duration);
            most = std::max(most, mode(m).duration);
        }
        shortest_.push_back(least);
        has_fast_machines_ = has_fast_machines_ || least < most;
    }
    tail_ = shortest_;
    for (auto i = forward_.rbegin(); i != forward_.rend(); ++i) {
        for (const Link& link : after(*i)) {
            const Time length = link.length(shortest(*i));
            tail_[at(*i)] = std::max(tail_[at(*i)], length + tail_[at(link.task)]);
        }
    }
}

void Shop::weigh() {
    const std::vector<Time> price = machine_prices(first_mode_, modes_, n_machines_, PRICE);
    for (const Mode& mode : modes_) {
        cost_.push_back(mode.machine < 0 ? 0 : mode.duration * price[at(mode.machine)]);
    }
}

}  // namespace headway::search::flexible
