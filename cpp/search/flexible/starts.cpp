#include "search/flexible/starts.hpp"

#include <algorithm>
#include <limits>

#include "search/orders.hpp"

namespace headway::search::flexible {
namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

// Builds a plan task by task, from the left.
class Builder {
public:
    explicit Builder(const Shop& shop)
        : shop_(shop),
          waits_(at(shop.n_tasks())),
          ready_(at(shop.n_tasks())),
          free_(at(shop.n_machines())) {
        plan_.order.reserve(at(shop.n_tasks()));
        plan_.mode.resize(at(shop.n_tasks()));
        for (Index i = 0; i < shop.n_tasks(); ++i) {
            waits_[at(i)] = shop.before(i).size();
            if (waits_[at(i)] == 0) {
                open_.push_back(i);
            }
        }
    }

    std::span<const Index> open() const { return open_; }

    Time start(Index task, Index mode) const {
        const Mode& chosen = shop_.mode(mode);
        const Time ready = std::max(ready_[at(task)], chosen.release);
        return chosen.machine < 0 ? ready : std::max(ready, free_[at(chosen.machine)]);
    }

    Time end(Index task, Index mode) const { return start(task, mode) + shop_.mode(mode).duration; }

    // The mode that ends a task first; ties are broken at random.
    Index quickest(Index task, Random& random) const {
        Index best = shop_.first_mode(task), ties = 0;
        Time least = std::numeric_limits<Time>::max();
        for (Index m = best; m < shop_.end_mode(task); ++m) {
            const Time value = end(task, m);
            ties = value < least ? 1 : ties + (value == least ? 1 : 0);
            if (value < least || (value == least && random.below(ties) == 0)) {
                least = value;
                best = m;
            }
        }
        return best;
    }

    void append(Index task, Index mode) {
        const Time begin = start(task, mode), finish = end(task, mode);
        if (shop_.mode(mode).machine >= 0) {
            free_[at(shop_.mode(mode).machine)] = finish;
        }
        plan_.order.push_back(task);
        plan_.mode[at(task)] = mode;
        open_.erase(std::ranges::find(open_, task));
        for (const Link& link : shop_.after(task)) {
            Time& ready = ready_[at(link.task)];
            ready = std::max(ready, begin + link.length(shop_.mode(mode).duration));
            if (--waits_[at(link.task)] == 0) {
                open_.push_back(link.task);
            }
        }
    }

    Plan take() { return std::move(plan_); }

private:
    const Shop& shop_;
    Plan plan_;
    std::vector<Index> open_;
    std::vector<std::size_t> waits_;
    std::vector<Time> ready_, free_;
};

// Longest paths from the start of each task to the end of all work, machine orders included.
std::vector<Time> tails(const Shop& shop, const Plan& plan) {
    std::vector<Time> tail(plan.order.size());
    std::vector<Time> behind(at(shop.n_machines()));
    for (std::size_t k = plan.order.size(); k-- > 0;) {
        const Index task = plan.order[k];
        const Mode& mode = shop.mode(plan.mode[at(task)]);
        Time longest = mode.duration;
        for (const Link& link : shop.after(task)) {
            longest = std::max(longest, link.length(mode.duration) + tail[at(link.task)]);
        }
        if (mode.machine >= 0) {
            Time& next = behind[at(mode.machine)];
            longest = std::max(longest, mode.duration + next);
            next = longest;
        }
        tail[at(task)] = longest;
    }
    return tail;
}

// A time for every task that never decreases along relations and machine orders: a mean of its
// earliest and its latest start.
std::vector<Time> times(const Shop& shop, const Plan& plan, Time share) {
    std::vector<Time> time = starts(shop, plan);
    const std::vector<Time> tail = tails(shop, plan);
    Time makespan = 0;
    for (std::size_t i = 0; i < time.size(); ++i) {
        makespan = std::max(makespan, time[i] + tail[i]);
    }
    for (std::size_t i = 0; i < time.size(); ++i) {
        time[i] = (1000 - share) * time[i] + share * (makespan - tail[i]);
    }
    return time;
}

}  // namespace

Plan random_plan(const Shop& shop, Random& random) {
    Builder builder(shop);
    std::vector<Index> mode;
    while (!builder.open().empty()) {
        const auto open = builder.open();
        mode.clear();
        Time first_end = std::numeric_limits<Time>::max();
        Index machine = ABSENT, ties = 0;
        for (const Index task : open) {
            mode.push_back(builder.quickest(task, random));
            const Time end = builder.end(task, mode.back());
            ties = end < first_end ? 1 : ties + (end == first_end ? 1 : 0);
            if (end < first_end || (end == first_end && random.below(ties) == 0)) {
                first_end = end;
                machine = shop.mode(mode.back()).machine;
            }
        }
        std::size_t chosen = 0;
        Time most = -1;
        for (std::size_t k = 0; k < open.size(); ++k) {
            const bool competes = shop.mode(mode[k]).machine == machine &&
                                  builder.start(open[k], mode[k]) <= first_end;
            const Time key = shop.tail(open[k]) * (512 + random.below(512));
            if (competes && key > most) {
                most = key;
                chosen = k;
            }
        }
        builder.append(open[chosen], mode[chosen]);
    }
    return builder.take();
}

std::vector<Time> starts(const Shop& shop, const Plan& plan) {
    std::vector<Time> start(plan.order.size());
    std::vector<Time> free(at(shop.n_machines()));
    for (const Index task : plan.order) {
        const Mode& mode = shop.mode(plan.mode[at(task)]);
        Time earliest = mode.release;
        for (const Link& link : shop.before(task)) {
            const Time duration = shop.mode(plan.mode[at(link.task)]).duration;
            earliest = std::max(earliest, start[at(link.task)] + link.length(duration));
        }
        if (mode.machine >= 0) {
            Time& next = free[at(mode.machine)];
            earliest = std::max(earliest, next);
            next = earliest + mode.duration;
        }
        start[at(task)] = earliest;
    }
    return start;
}

std::int64_t distance(const Shop& shop, const Plan& a, const Plan& b) {
    const std::vector<Index> place = places(b.order);
    std::vector<std::vector<Index>> rows(at(shop.n_machines()));
    std::int64_t sum = 0;
    for (const Index task : a.order) {
        const Index machine = shop.mode(a.mode[at(task)]).machine;
        if (a.mode[at(task)] != b.mode[at(task)]) {
            ++sum;
        } else if (machine >= 0) {
            rows[at(machine)].push_back(place[at(task)]);
        }
    }
    for (const std::vector<Index>& row : rows) {
        for (std::size_t k = 1; k < row.size(); ++k) {
            sum += std::count_if(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(k),
                                 [&](Index earlier) { return earlier > row[k]; });
        }
    }
    return sum;
}

Plan between(const Shop& shop, const Plan& a, const Plan& b, Time share, Random& random) {
    std::vector<Time> key = times(shop, a, random.below(1001));
    const std::vector<Time> other = times(shop, b, random.below(1001));
    Plan plan = a;
    for (std::size_t i = 0; i < key.size(); ++i) {
        key[i] = (1000 - share) * key[i] + share * other[i];
        if (random.below(1000) < share) {
            plan.mode[i] = b.mode[i];
        }
    }
    plan.order = ordered_by(key, a.order);
    return plan;
}

}  // namespace headway::search::flexible
