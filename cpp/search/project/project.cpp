#include "search/project/project.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "search/checks.hpp"
#include "search/orders.hpp"

namespace headway::search::project {
namespace {

constexpr int WORD_BITS = 64;

void require_rows(Ints ptr, std::size_t rows, std::size_t entries) {
    require(ptr.size() == rows + 1 && ptr[0] == 0 && ptr[rows] == static_cast<Int>(entries) &&
                std::ranges::is_sorted(ptr),
            "project: pointers do not fit what they point at");
}

void require_between(Ints values, Int low, Int high) {
    if (std::ranges::any_of(values, [&](Int v) { return v < low || v > high; })) {
        throw std::out_of_range("project: a number is out of range");
    }
}

const ProjectTables& checked(const ProjectTables& t) {
    const std::size_t n = t.release.size(), modes = t.duration.size();
    const Int last_task = static_cast<Int>(n) - 1;
    require(n > 0 && n < (std::size_t{1} << 24) && modes < (std::size_t{1} << 28),
            "project: no task, or too many of them");
    require_rows(t.mode_ptr, n, modes);
    for (std::size_t i = 0; i < n; ++i) {
        require(t.mode_ptr[i] < t.mode_ptr[i + 1], "project: a task has no mode");
    }
    require_between(t.duration, 0, LONGEST);
    require_between(t.release, 0, LONGEST);
    require(t.need_resource.size() == t.need_amount.size() &&
                t.spend_budget.size() == t.spend_amount.size() &&
                t.step_time.size() == t.step_capacity.size() && !t.step_ptr.empty(),
            "project: columns of one table differ in length");
    const std::size_t resources = t.step_ptr.size() - 1;
    require_rows(t.need_ptr, modes, t.need_resource.size());
    require_rows(t.spend_ptr, modes, t.spend_budget.size());
    require_rows(t.step_ptr, resources, t.step_time.size());
    require_between(t.need_resource, 0, static_cast<Int>(resources) - 1);
    require_between(t.spend_budget, 0, static_cast<Int>(t.budget.size()) - 1);
    for (const Ints column : {t.need_amount, t.spend_amount, t.budget, t.step_capacity}) {
        require_between(column, 0, FOREVER);
    }
    require_between(t.step_time, 0, LONGEST);
    for (std::size_t r = 0; r < resources; ++r) {
        const Ints times = row(t.step_ptr, t.step_time, static_cast<Int>(r));
        require(!times.empty() && times[0] == 0 &&
                    std::ranges::adjacent_find(times, std::ranges::greater_equal{}) == times.end(),
                "project: the capacity steps of a resource do not begin at 0 and increase");
    }
    const std::size_t arcs = t.before.size();
    require(t.after.size() == arcs && t.lag.size() == arcs && t.from_end.size() == arcs &&
                t.to_end.size() == arcs,
            "project: columns of one table differ in length");
    require_between(t.before, 0, last_task);
    require_between(t.after, 0, last_task);
    require_between(t.lag, -LONGEST, LONGEST);
    return t;
}

Network network(std::size_t n, Ints key, Ints other, Ints lag, Flags from_end, Flags to_end,
                bool reversed) {
    return grouped(
        n, key.size(), [&](std::size_t a) { return key[a]; },
        [&](std::size_t a) {
            const bool from_start = reversed ? to_end[a] : !from_end[a];
            const bool into_end = reversed ? !from_end[a] : to_end[a];
            return Link{static_cast<Index>(other[a]), static_cast<Time>(lag[a]),
                        from_start ? -1 : 0, into_end ? -1 : 0};
        });
}

}  // namespace

Project::Project(const ProjectTables& tables)
    : mode_ptr_(checked(tables).mode_ptr.begin(), tables.mode_ptr.end()),
      duration_(tables.duration.begin(), tables.duration.end()),
      release_(tables.release.begin(), tables.release.end()),
      budget_(tables.budget.begin(), tables.budget.end()) {
    pack(tables);
    spending_.resize(duration_.size() * n_budgets());
    for (Index m = 0; m < n_modes(); ++m) {
        const Ints which = row(tables.spend_ptr, tables.spend_budget, m);
        const Ints amount = row(tables.spend_ptr, tables.spend_amount, m);
        for (std::size_t k = 0; k < which.size(); ++k) {
            spending_[at(m) * n_budgets() + static_cast<std::size_t>(which[k])] += amount[k];
        }
    }
    connect(tables);
    order_ = topological_order(
        n_tasks(), [this](Index i) { return forward_[i]; },
        [this](Index i) { return backward_[i]; },
        "project: the relations form a cycle");
    measure(tables);
}

void Project::pack(const ProjectTables& tables) {
    struct Lane {
        std::size_t word;
        int shift;
    };
    const std::size_t resources = tables.step_ptr.size() - 1;
    std::vector<Lane> lanes;
    int used = WORD_BITS;
    for (std::size_t r = 0; r < resources; ++r) {
        const Int most = std::ranges::max(row(tables.step_ptr, tables.step_capacity,
                                              static_cast<Int>(r)));
        const int bits = std::bit_width(static_cast<Word>(most)) + 1;
        if (used + bits > WORD_BITS) {
            guard_.push_back(0);
            used = 0;
        }
        lanes.push_back({guard_.size() - 1, used});
        used += bits;
        guard_.back() |= Word{1} << (used - 1);
    }
    if (guard_.empty()) {
        guard_.push_back(0);
    }
    std::vector<Int> times = {0};
    times.insert(times.end(), tables.step_time.begin(), tables.step_time.end());
    std::ranges::sort(times);
    times.erase(std::unique(times.begin(), times.end()), times.end());
    for (const Int time : times) {
        steps_.push_back({static_cast<Time>(time), step_words_.size()});
        step_words_.insert(step_words_.end(), guard_.begin(), guard_.end());
        for (std::size_t r = 0; r < resources; ++r) {
            const Ints from = row(tables.step_ptr, tables.step_time, static_cast<Int>(r));
            const Ints capacity = row(tables.step_ptr, tables.step_capacity, static_cast<Int>(r));
            const auto k = std::ranges::upper_bound(from, time) - from.begin() - 1;
            step_words_[steps_.back().word + lanes[r].word] +=
                static_cast<Word>(capacity[static_cast<std::size_t>(k)]) << lanes[r].shift;
        }
    }
    need_.resize(duration_.size() * n_words());
    for (Index m = 0; m < n_modes(); ++m) {
        const Ints which = row(tables.need_ptr, tables.need_resource, m);
        const Ints amount = row(tables.need_ptr, tables.need_amount, m);
        for (std::size_t k = 0; k < which.size(); ++k) {
            const auto r = static_cast<std::size_t>(which[k]);
            // In the end there must be room for it, or it might wait for ever.
            const Int last = row(tables.step_ptr, tables.step_capacity, which[k]).back();
            require(amount[k] <= last && std::ranges::count(which, which[k]) == 1,
                    "project: a mode needs more of a resource than there is in the end");
            need_[at(m) * n_words() + lanes[r].word] += static_cast<Word>(amount[k])
                                                        << lanes[r].shift;
        }
    }
}

void Project::connect(const ProjectTables& t) {
    const auto n = release_.size();
    forward_ = network(n, t.after, t.before, t.lag, t.from_end, t.to_end, false);
    backward_ = network(n, t.before, t.after, t.lag, t.from_end, t.to_end, true);
}

void Project::measure(const ProjectTables& tables) {
    const auto last_step = steps_.back().time;
    Int longest = std::max<Int>(last_step, std::ranges::max(release_));
    tail_.resize(release_.size());
    for (Index i = 0; i < n_tasks(); ++i) {
        const auto modes = std::span(duration_).subspan(at(first_mode(i)),
                                                        at(end_mode(i)) - at(first_mode(i)));
        longest += std::ranges::max(modes);
        tail_[at(i)] = std::ranges::min(modes);
    }
    for (const Int lag : tables.lag) {
        longest += std::max<Int>(lag, 0);
    }
    require(longest < LONGEST, "project: durations, releases and lags add up to 2^28 or more;"
                               " choose a coarser tick");
    horizon_ = static_cast<Time>(longest);
    for (auto i = order_.rbegin(); i != order_.rend(); ++i) {
        const Time shortest = tail_[at(*i)];
        for (const Link& link : backward_[*i]) {
            // Reversed: the end of `*i` (its start, if the mask is set) waits for `link.task`.
            const Time whole = tail_[at(link.task)];
            if (link.from_start == 0 && link.to_end == 0) {
                tail_[at(*i)] = std::max(tail_[at(*i)], shortest + link.lag + whole);
            }
        }
    }
}

}  // namespace headway::search::project
