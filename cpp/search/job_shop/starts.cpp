#include "search/job_shop/starts.hpp"

#include <algorithm>
#include <numeric>

#include "search/orders.hpp"

namespace headway::search::job_shop {
namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

// Longest paths from the start of each task to the end of all work, machine orders included, as if
// there were no breaks.
std::vector<Time> tails(const Shop& shop, const Plan& plan) {
    const std::vector<Index>& order = plan.order;
    std::vector<Time> tail(order.size());
    std::vector<Time> behind(at(shop.n_machines()));
    for (std::size_t k = order.size(); k-- > 0;) {
        const Index task = order[k];
        Time longest = shop.duration(task);
        for (const Link& link : shop.after(task)) {
            longest = std::max(longest, link.length(shop.duration(task)) + tail[at(link.task)]);
        }
        if (shop.machine(task) >= 0) {
            Time& next = behind[at(shop.machine(task))];
            longest = std::max(longest, shop.duration(task) + next);
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

// Pairs in the wrong order; sorts the values.
std::int64_t inversions(std::span<Index> values, std::span<Index> scratch) {
    const std::size_t n = values.size();
    if (n < 2) {
        return 0;
    }
    const std::size_t half = n / 2;
    std::int64_t count = inversions(values.first(half), scratch.first(half)) +
                         inversions(values.subspan(half), scratch.subspan(half));
    std::size_t a = 0, b = half;
    for (std::size_t k = 0; k < n; ++k) {
        if (b == n || (a < half && values[a] <= values[b])) {
            scratch[k] = values[a++];
        } else {
            count += static_cast<std::int64_t>(half - a);
            scratch[k] = values[b++];
        }
    }
    std::ranges::copy(scratch, values.begin());
    return count;
}

}  // namespace

Plan random_active_plan(const Shop& shop, Random& random) {
    const Index n = shop.n_tasks();
    Plan plan;
    std::vector<Index> open, conflict;
    std::vector<std::size_t> waits(at(n));
    std::vector<Time> ready(at(n)), free(at(shop.n_machines()));
    plan.order.reserve(at(n));
    for (Index i = 0; i < n; ++i) {
        ready[at(i)] = shop.release(i);
        waits[at(i)] = shop.before(i).size();
        if (waits[at(i)] == 0) {
            open.push_back(i);
        }
    }
    const auto stay = [&](Index task) {
        const Index machine = shop.machine(task);
        const Time from = machine < 0 ? ready[at(task)]
                                      : std::max(ready[at(task)], free[at(machine)]);
        return shop.stay(task, from);
    };
    while (!open.empty()) {
        const Index first = *std::ranges::min_element(
            open, {}, [&](Index task) { return stay(task).end; });
        const Time end = stay(first).end;
        conflict.assign(1, first);
        if (shop.machine(first) >= 0) {
            std::ranges::copy_if(open, std::back_inserter(conflict), [&](Index task) {
                return task != first && shop.machine(task) == shop.machine(first) &&
                       stay(task).start < end;
            });
        }
        Index chosen = first;
        Time most = -1;
        for (const Index task : conflict) {
            const Time key = shop.tail(task) * (512 + random.below(512));
            if (key > most) {
                most = key;
                chosen = task;
            }
        }
        const auto [begin, until] = stay(chosen);
        plan.order.push_back(chosen);
        open.erase(std::ranges::find(open, chosen));
        if (shop.machine(chosen) >= 0) {
            free[at(shop.machine(chosen))] = until;
        }
        for (const Link& link : shop.after(chosen)) {
            ready[at(link.task)] =
                std::max(ready[at(link.task)], (link.from_end ? until : begin) + link.lag);
            if (--waits[at(link.task)] == 0) {
                open.push_back(link.task);
            }
        }
    }
    return plan;
}

std::vector<Time> starts(const Shop& shop, const Plan& plan) {
    std::vector<Time> start(plan.order.size()), end(plan.order.size());
    std::vector<Time> free(at(shop.n_machines()));
    for (const Index task : plan.order) {
        const Index machine = shop.machine(task);
        Time earliest = std::max(shop.release(task), machine < 0 ? 0 : free[at(machine)]);
        for (const Link& link : shop.before(task)) {
            const Time from = (link.from_end ? end : start)[at(link.task)];
            earliest = std::max(earliest, from + link.lag);
        }
        const auto [begin, until] = shop.stay(task, earliest);
        start[at(task)] = begin;
        end[at(task)] = until;
        if (machine >= 0) {
            free[at(machine)] = until;
        }
    }
    return start;
}

std::int64_t distance(const Shop& shop, const Plan& a, const Plan& b) {
    const std::vector<Index> place = places(b.order);
    std::vector<std::size_t> next(at(shop.n_machines()) + 1);
    for (const Index task : a.order) {
        if (shop.machine(task) >= 0) {
            ++next[at(shop.machine(task)) + 1];
        }
    }
    std::partial_sum(next.begin(), next.end(), next.begin());
    const std::vector<std::size_t> ptr = next;
    std::vector<Index> row(a.order.size()), scratch(a.order.size());
    for (const Index task : a.order) {
        if (shop.machine(task) >= 0) {
            row[next[at(shop.machine(task))]++] = place[at(task)];
        }
    }
    std::int64_t sum = 0;
    for (Index m = 0; m < shop.n_machines(); ++m) {
        const std::size_t length = ptr[at(m) + 1] - ptr[at(m)];
        sum += inversions(std::span(row).subspan(ptr[at(m)], length),
                          std::span(scratch).subspan(ptr[at(m)], length));
    }
    return sum;
}

Plan between(const Shop& shop, const Plan& a, const Plan& b, Time share, Random& random) {
    std::vector<Time> key = times(shop, a, random.below(1001));
    const std::vector<Time> other = times(shop, b, random.below(1001));
    for (std::size_t i = 0; i < key.size(); ++i) {
        key[i] = (1000 - share) * key[i] + share * other[i];
    }
    Plan plan;
    plan.order = ordered_by(key, a.order);
    return plan;
}

}  // namespace headway::search::job_shop
