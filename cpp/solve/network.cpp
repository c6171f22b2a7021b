#include "solve/network.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "solve/components.hpp"
#include "solve/paths.hpp"

namespace headway {
namespace {

template <class T, class Key>
Grouped<T> group(Int n, const std::vector<T>& values, Key key) {
    Grouped<T> out{std::vector<std::size_t>(static_cast<std::size_t>(n) + 1, 0),
                   std::vector<T>(values.size())};
    for (const T& value : values) {
        ++out.ptr[static_cast<std::size_t>(key(value)) + 1];
    }
    std::partial_sum(out.ptr.begin(), out.ptr.end(), out.ptr.begin());
    std::vector<std::size_t> next(out.ptr.begin(), out.ptr.end() - 1);
    for (const T& value : values) {
        out.values[next[static_cast<std::size_t>(key(value))]++] = value;
    }
    return out;
}

using TaskPair = std::pair<Int, Int>;

Grouped<Int> seconds_by_first(Int n, const std::vector<TaskPair>& pairs) {
    const Grouped<TaskPair> grouped = group(n, pairs, [](const TaskPair& p) { return p.first; });
    Grouped<Int> out{grouped.ptr, {}};
    out.values.reserve(pairs.size());
    for (const TaskPair& pair : grouped.values) {
        out.values.push_back(pair.second);
    }
    return out;
}

std::vector<TaskPair> swapped(std::vector<TaskPair> pairs) {
    for (TaskPair& pair : pairs) {
        std::swap(pair.first, pair.second);
    }
    return pairs;
}

}  // namespace

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
    bounds_out_of = group(n_tasks(), bounds, [](const Bound& b) { return b.from; });
    std::erase_if(bounds, [](const Bound& b) { return b.from == b.to; });
    bounds_into = group(n_tasks(), bounds, [](const Bound& b) { return b.to; });
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
    const auto grouped =
        group(n_tasks(), found, [](const std::pair<Int, Membership>& f) { return f.first; });
    memberships.ptr = grouped.ptr;
    for (const auto& [task, membership] : grouped.values) {
        memberships.values.push_back(membership);
    }
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

void Network::form_units() {
    std::vector<TaskPair> arcs;
    for (const Bound& bound : bounds_into.values) {
        arcs.push_back({bound.from, bound.to});
    }
    for (Int v = 0; v < n_tasks(); ++v) {
        for (const Int other : held_until[v]) {
            arcs.push_back({v, other});
            arcs.push_back({other, v});
        }
        for (const Int other : directly_before[v]) {
            arcs.push_back({v, other});
            arcs.push_back({other, v});
        }
    }
    const Grouped<Int> successors = seconds_by_first(n_tasks(), arcs);
    const std::vector<Int> component =
        strong_components(n_tasks(), successors.ptr, successors.values);

    // Units are numbered by their first task.
    unit_of.assign(static_cast<std::size_t>(n_tasks()), ABSENT);
    std::vector<Int> number(static_cast<std::size_t>(n_tasks()), ABSENT);
    for (Int v = 0; v < n_tasks(); ++v) {
        if (!present(v)) {
            continue;
        }
        Int& unit = number[component[v]];
        if (unit == ABSENT) {
            unit = static_cast<Int>(units.size());
            units.push_back({{}, true, false, ABSENT});
        }
        units[unit].tasks.push_back(v);
        unit_of[v] = unit;
    }
    for (Unit& unit : units) {
        order_unit(unit);
    }

    const Int n_units = static_cast<Int>(units.size());
    unit_waits.assign(units.size(), 0);
    std::vector<TaskPair> between;
    for (const Bound& bound : bounds_into.values) {
        if (unit_of[bound.from] != unit_of[bound.to]) {
            between.push_back({unit_of[bound.from], unit_of[bound.to]});
            ++unit_waits[unit_of[bound.to]];
        }
    }
    unit_successors = seconds_by_first(n_units, between);
}

// Orders the tasks of a unit by how early the bounds inside let them start.
void Network::order_unit(Unit& unit) const {
    const auto shortest = [this](Int v) {
        const auto durations = problem_.modes.duration.subspan(
            static_cast<std::size_t>(problem_.first_mode(v)),
            static_cast<std::size_t>(problem_.last_mode(v) - problem_.first_mode(v)));
        return std::ranges::minmax(durations);
    };
    bool bound_to_itself = false;
    for (const Int v : unit.tasks) {
        for (const Bound& bound : bounds_out_of[v]) {
            bound_to_itself = bound_to_itself || bound.to == v;
        }
    }
    unit.simple = unit.tasks.size() == 1 && !bound_to_itself;
    if (unit.tasks.size() == 1) {
        return;
    }
    std::map<Int, Int> place;
    for (const Int v : unit.tasks) {
        place.emplace(v, static_cast<Int>(place.size()));
    }
    std::vector<Int> source, target, length;
    for (const Int v : unit.tasks) {
        for (const Bound& bound : bounds_out_of[v]) {
            // An interruptible task may take any time from start to end.
            const bool open_end = bound.to_end && problem_.tasks.interruptible[bound.to];
            if (bound.to == v || unit_of[bound.to] != unit_of[v] || open_end) {
                continue;
            }
            source.push_back(place[v]);
            target.push_back(place[bound.to]);
            length.push_back(bound.lag + (bound.from_end ? shortest(v).min : 0) -
                             (bound.to_end ? shortest(bound.to).max : 0));
        }
    }
    const std::vector<Int> floor(unit.tasks.size(), 0);
    const std::size_t n_bounds = source.size();
    for (const Int v : unit.tasks) {
        for (const Int next : directly_before[v]) {
            source.push_back(place[v]);
            target.push_back(place[next]);
            length.push_back(std::max<Int>(1, shortest(v).min));
        }
    }
    auto heads = longest_paths({source, target, length}, floor);
    if (!heads) {
        // Neighbours bind only on machines that both use, so their order is a preference here.
        const Ints from(source), to(target), by(length);
        heads = longest_paths(
            {from.first(n_bounds), to.first(n_bounds), by.first(n_bounds)}, floor);
    }
    unit.contradictory = !heads.has_value();
    if (heads) {
        std::ranges::stable_sort(unit.tasks, {}, [&](Int v) { return (*heads)[place[v]]; });
    }
}

void Network::form_gates() {
    std::map<Gate, Int> known;
    for (Unit& unit : units) {
        const Int task = unit.tasks.front();
        Gate gate;
        bool closable = unit.simple;
        for (Int m = problem_.first_mode(task); m < problem_.last_mode(task); ++m) {
            std::vector<Int> machines;
            for (Int d = problem_.first_demand(m); d < problem_.last_demand(m); ++d) {
                const Int resource = problem_.modes.demand_resource[d];
                if (problem_.resources.kind[resource] == MACHINE) {
                    machines.push_back(resource);
                }
            }
            // An instant may start where another task does.
            closable = closable && !machines.empty() && problem_.modes.duration[m] > 0;
            gate.push_back(std::move(machines));
        }
        if (closable) {
            std::ranges::sort(gate);
            const auto repeated = std::ranges::unique(gate);
            gate.erase(repeated.begin(), repeated.end());
            unit.gate = known.try_emplace(gate, static_cast<Int>(known.size())).first->second;
        }
    }
    gates.resize(known.size());
    for (const auto& [gate, number] : known) {
        gates[number] = gate;
    }
}

}  // namespace headway
