#include "search/blocking/shop.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace headway::search::blocking {
namespace {

constexpr Int LONGEST_SCHEDULE = Int{1} << 42;
constexpr std::size_t MOST_TASKS = 50'000;

[[noreturn]] void refuse(const char* why) {
    throw std::invalid_argument(std::string("blocking job shop: ") + why);
}

void check(const ShopTables& t) {
    const std::size_t n = t.machine.size();
    if (t.duration.size() != n || t.release.size() != n || t.next.size() != n ||
        t.lag.size() != n || t.holds.size() != n) {
        refuse("columns differ in length");
    }
    if (n > MOST_TASKS) {
        refuse("more than 50,000 tasks");
    }
    Int total = 0;  // no schedule without needless waiting is longer
    for (std::size_t i = 0; i < n; ++i) {
        if (t.next[i] < ABSENT || t.next[i] >= static_cast<Int>(n) || t.machine[i] < ABSENT ||
            t.machine[i] >= static_cast<Int>(64 * n)) {
            throw std::out_of_range("blocking job shop: no such task or machine");
        }
        for (const Int value : {t.duration[i], t.release[i], t.lag[i]}) {
            if (value < 0) {
                refuse("times may not be negative");
            }
            total += std::min(value, LONGEST_SCHEDULE);
            if (total >= LONGEST_SCHEDULE) {
                refuse("times add up to 2^42 or more; choose a coarser tick");
            }
        }
        if (t.holds[i] && (t.next[i] == ABSENT || t.lag[i] < t.duration[i])) {
            refuse("a task that blocks its machine is followed by none, or by one that overlaps");
        }
    }
}

}  // namespace

Shop::Shop(const ShopTables& tables) {
    check(tables);
    const Index none = static_cast<Index>(tables.machine.size());
    tasks_.resize(tables.machine.size());
    for (Index i = 0; i < none; ++i) {
        const auto k = static_cast<std::size_t>(i);
        Task& task = tasks_[k];
        task.duration = tables.duration[k];
        task.release = tables.release[k];
        task.before = none;
        task.next = tables.next[k] == ABSENT ? none : static_cast<Index>(tables.next[k]);
        task.frees = tables.holds[k] ? task.next : i;
        task.lag_after = tables.holds[k] ? 0 : task.duration;
        task.machine = static_cast<Index>(tables.machine[k]);
    }
    for (Index i = 0; i < none; ++i) {
        if (const Index next = task(i).next; next != none) {
            Task& other = tasks_[static_cast<std::size_t>(next)];
            if (other.before != none) {
                refuse("a task follows two others");
            }
            other.before = i;
            other.lag_before = tables.lag[static_cast<std::size_t>(i)];
        }
    }
    chain();
    count();
}

void Shop::chain() {
    Index seen = 0;
    for (Index i = 0; i < n_tasks(); ++i) {
        if (task(i).before == n_tasks()) {
            for (Index k = i; k != n_tasks(); k = task(k).next, ++seen) {
                tasks_[static_cast<std::size_t>(k)].job = n_jobs();
            }
            first_.push_back(i);
        }
    }
    if (seen != n_tasks()) {
        refuse("the tasks of a job form a circle");
    }
}

void Shop::count() {
    for (const Task& task : tasks_) {
        n_machines_ = std::max(n_machines_, task.machine + 1);
    }
    std::vector<Index> users(static_cast<std::size_t>(n_machines_));
    slot_.resize(tasks_.size());
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
        if (tasks_[i].machine >= 0) {
            slot_[i] = users[static_cast<std::size_t>(tasks_[i].machine)]++;
            crowd_ = std::max(crowd_, slot_[i] + 1);
        }
    }
}

}  // namespace headway::search::blocking
