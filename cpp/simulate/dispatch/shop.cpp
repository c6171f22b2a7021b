#include "simulate/dispatch/shop.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace headway::simulate::dispatch {
namespace {

constexpr Time MOST_TIME = Time{1} << 50;  // doubles hold all sums of such times exactly
constexpr std::size_t MOST_OPERATIONS = 1U << 30;

[[noreturn]] void refuse(const char* reason) { throw std::invalid_argument(reason); }

void check(const ShopTables& t) {
    const std::size_t n = t.machine.size();
    if (n == 0 || n > MOST_OPERATIONS) {
        refuse("job shop: expected from 1 to 2^30 operations");
    }
    if (t.duration.size() != n || t.release.size() != n) {
        refuse("job shop: columns differ in length");
    }
    if (t.ptr.size() < 2 || t.ptr.front() != 0 || t.ptr.back() != static_cast<Int>(n) ||
        std::ranges::adjacent_find(t.ptr, std::ranges::greater_equal{}) != t.ptr.end()) {
        refuse("job shop: ptr does not part the operations into jobs");
    }
    Time total = 0;
    for (std::size_t i = 0; i < n; ++i) {
        if (t.machine[i] < 0 || t.machine[i] >= static_cast<Int>(n)) {
            refuse("job shop: a machine is out of range");
        }
        if (t.duration[i] < 0 || t.release[i] < 0 || t.duration[i] > MOST_TIME ||
            t.release[i] > MOST_TIME) {
            refuse("job shop: times are to be from 0 to 2^50");
        }
        total += t.duration[i];
        if (total > MOST_TIME) {
            refuse("job shop: the work in all is to be at most 2^50");
        }
    }
}

}  // namespace

Shop::Shop(const ShopTables& tables) {
    check(tables);
    const std::size_t n = tables.machine.size();
    ptr_.assign(tables.ptr.begin(), tables.ptr.end());
    load_.assign(static_cast<std::size_t>(std::ranges::max(tables.machine)) + 1, 0);
    Time total = 0;
    for (std::size_t i = 0; i < n; ++i) {
        operations_.push_back({static_cast<Index>(tables.machine[i]), tables.duration[i],
                               tables.release[i], tables.duration[i]});
        load_[static_cast<std::size_t>(tables.machine[i])] += tables.duration[i];
        total += tables.duration[i];
    }
    for (Index j = 0; j < n_jobs(); ++j) {
        Time left = 0;
        for (Index i = end(j); i-- > first(j);) {
            left = operations_[static_cast<std::size_t>(i)].left += left;
        }
        bound_ = std::max(bound_, left);
    }
    bound_ = std::max(bound_, std::ranges::max(load_));
    const double work = static_cast<double>(std::max<Time>(total, 1));
    mean_duration_ = work / static_cast<double>(n);
    mean_work_ = work / static_cast<double>(n_jobs());
    mean_load_ = work / static_cast<double>(n_machines());
}

}  // namespace headway::simulate::dispatch
