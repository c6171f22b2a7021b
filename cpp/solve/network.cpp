#include "solve/network.hpp"

#include <algorithm>
#include <map>

namespace headway {
namespace {

template <class T, class Key>
Grouped<T> by(Int n, const std::vector<T>& values, Key&& key) {
    return grouped(
        static_cast<std::size_t>(n), values.size(), [&](std::size_t k) { return key(values[k]); },
        [&](std::size_t k) { return values[k]; });
}

std::vector<TaskPair> swapped(std::vector<TaskPair> pairs) {
    for (TaskPair& pair : pairs) {
        std::swap(pair.first, pair.second);
    }
    return pairs;
}

}  // namespace

Grouped<Int> seconds_by_first(Int n, const std::vector<TaskPair>& pairs) {
    return grouped(
        static_cast<std::size_t>(n), pairs.size(), [&](std::size_t k) { return pairs[k].first; },
        [&](std::size_t k) { return pairs[k].second; });
}

Network::Network(const ProblemView& problem, const Decisions& decisions)
    : problem_(problem), decisions_(decisions) {
    read_windows();
    read_bounds();
    read_ties();
    read_rows();
    merge_breaks();
    form_units();
    form_gates();
}

void Network::read_windows() {
    const TaskTable& tasks = problem_.tasks;
    start_min.assign(tasks.earliest_start.begin(), tasks.earliest_start.end());
    start_max.assign(tasks.latest_start.begin(), tasks.latest_start.end());
    end_min.assign(tasks.earliest_end.begin(), tasks.earliest_end.end());
    end_max.assign(tasks.latest_end.begin(), tasks.latest_end.end());
    for (std::size_t v = 0; v < start_min.size(); ++v) {
        const Int job = tasks.job[v];
        start_min[v] = std::max<Int>(start_min[v], job < 0 ? 0 : problem_.jobs.release[job]);
        end_max[v] = std::min({end_max[v], problem_.horizon,
                               job < 0 ? FOREVER : problem_.jobs.deadline[job]});
        if (present(static_cast<Int>(v))) {
            quiet_from = std::max({quiet_from, start_min[v], end_min[v]});
        }
    }
    for (const Ints times : {problem_.resources.break_end, problem_.resources.step_time}) {
        for (const Int time : times) {
            quiet_from = std::max(quiet_from, time);
        }
    }
}

void Network::read_bounds() {
    const RelationTable& relations = problem_.relations;
    std::vector<Bound> bounds;
    bounds.reserve(relations.kind.size());
    for (std::size_t r = 0; r < relations.kind.size(); ++r) {
        const Int before = relations.before[r];
        const Int after = relations.after[r];
        if (!present(before) || !present(after)) {
            continue;
        }
        const Int kind = relations.kind[r];
        const bool from_end = kind == END_START || kind == END_END;
        const bool to_end = kind == START_END || kind == END_END;
        if (relations.min_lag[r] > -FOREVER) {
            bounds.push_back({before, after, relations.min_lag[r], from_end, to_end,
                              relations.transfer[r]});
        }
        if (relations.max_lag[r] < FOREVER) {
            bounds.push_back({after, before, -relations.max_lag[r], to_end, from_end, false});
        }
    }
    bounds_out_of = by(n_tasks(), bounds, [](const Bound& b) { return b.from; });
    std::erase_if(bounds, [](const Bound& b) { return b.from == b.to; });
    bounds_into = by(n_tasks(), bounds, [](const Bound& b) { return b.to; });
}

void Network::read_ties() {
    std::vector<TaskPair> held;
    for (Int v = 0; v < n_tasks(); ++v) {
        const Int until = problem_.tasks.hold_until[v];
        if (present(v) && until >= 0 && present(until)) {
            held.push_back({until, v});
        }
    }
    held_until = seconds_by_first(n_tasks(), held);

    std::vector<TaskPair> neighbours;
    const PairTable& pairs = problem_.pairs;
    for (std::size_t p = 0; p < pairs.kind.size(); ++p) {
        if (pairs.kind[p] == CONSECUTIVE && present(pairs.first[p]) && present(pairs.second[p])) {
            neighbours.push_back({pairs.first[p], pairs.second[p]});
        }
    }
    std::ranges::sort(neighbours);
    const auto repeated = std::ranges::unique(neighbours);
    neighbours.erase(repeated.begin(), repeated.end());
    directly_before = seconds_by_first(n_tasks(), neighbours);
    directly_after = seconds_by_first(n_tasks(), swapped(neighbours));
}

void Network::read_rows() {
    const SequenceTable& sequences = problem_.sequences;
    std::vector<std::pair<Int, Membership>> found;
    for (std::size_t r = 0; r < sequences.first_machine.size(); ++r) {
        const Int here = sequences.first_machine[r];
        const Int there = sequences.second_machine[r];
        std::vector<std::array<Int, 2>>& items = rows.emplace_back();
        for (Int k = sequences.task_ptr[r]; k < sequences.task_ptr[r + 1]; ++k) {
            const Int first = sequences.first_task[k];
            const Int second = sequences.second_task[k];
            if (!present(first) || !present(second)) {
                continue;
            }
            const auto row = static_cast<Int>(r);
            const auto item = static_cast<Int>(items.size());
            const bool same = first == second;
            found.push_back({first, {row, item, 0, here, same ? there : ABSENT}});
            found.push_back({second, {row, item, 1, there, same ? here : ABSENT}});
            items.push_back({first, second});
        }
    }
    memberships = grouped(
        static_cast<std::size_t>(n_tasks()), found.size(),
        [&](std::size_t k) { return found[k].first; },
        [&](std::size_t k) { return found[k].second; });
}

void Network::merge_breaks() {
    const ResourceTable& resources = problem_.resources;
    pauses_of_.assign(static_cast<std::size_t>(problem_.n_modes()), ABSENT);
    pause_ptr_.push_back(0);
    std::map<std::vector<Int>, Int> known;  // the same resources share one calendar
    for (Int m = 0; m < problem_.n_modes(); ++m) {
        if (!problem_.tasks.interruptible[problem_.modes.task[m]]) {
            continue;
        }
        std::vector<Int> users;
        for (Int d = problem_.first_demand(m); d < problem_.last_demand(m); ++d) {
            const Int r = problem_.modes.demand_resource[d];
            if (resources.kind[r] <= RENEWABLE && !breaks(r).empty()) {
                users.push_back(r);
            }
        }
        const auto [entry, fresh] = known.try_emplace(users, static_cast<Int>(known.size()));
        pauses_of_[m] = entry->second;
        if (!fresh) {
            continue;
        }
        std::vector<TaskPair> all;
        for (const Int r : users) {
            for (std::size_t k = 0; k < breaks(r).start.size(); ++k) {
                all.push_back({breaks(r).start[k], breaks(r).end[k]});
            }
        }
        std::ranges::sort(all);
        const auto first = pause_start_.size();
        for (const auto& [start, end] : all) {
            if (pause_start_.size() > first && start <= pause_end_.back()) {
                pause_end_.back() = std::max(pause_end_.back(), end);
            } else {
                pause_start_.push_back(start);
                pause_end_.push_back(end);
            }
        }
        pause_ptr_.push_back(static_cast<Int>(pause_start_.size()));
    }
}

Calendar Network::pauses(Int mode) const {
    const Int which = pauses_of_[mode];
    if (which < 0) {
        return {};
    }
    return {row(pause_ptr_, pause_start_, which), row(pause_ptr_, pause_end_, which)};
}

Calendar Network::breaks(Int resource) const {
    const ResourceTable& table = problem_.resources;
    return {row(table.break_ptr, table.break_start, resource),
            row(table.break_ptr, table.break_end, resource)};
}

}  // namespace headway
