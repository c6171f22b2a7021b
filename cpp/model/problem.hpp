// The tables of headway.model.tables, seen without a copy. Columns keep their names and meaning.
#pragma once

#include <vector>

#include "base.hpp"

namespace headway {

enum ResourceKind : Int { MACHINE = 0, RENEWABLE = 1, NONRENEWABLE = 2, RESERVOIR = 3 };
enum RelationKind : Int { START_START = 0, START_END = 1, END_START = 2, END_END = 3 };
enum PairKind : Int { IDENTICAL = 0, DIFFERENT = 1, CONSECUTIVE = 2 };

struct Matrix {
    const Int* data = nullptr;
    Int rows = 0;
    Int columns = 0;

    bool empty() const { return rows * columns == 0; }
    Int operator()(Int r, Int c) const { return data[r * columns + c]; }
};

struct JobTable {
    Ints release, deadline;
};

struct ResourceTable {
    Ints kind, capacity, level, level_min, level_max;
    Ints break_ptr, break_start, break_end;
    Ints step_ptr, step_time, step_capacity;
    Ints setup;
};

struct TaskTable {
    Ints job, earliest_start, latest_start, earliest_end, latest_end;
    Ints hold_until, family, mode_ptr;
    Flags interruptible;
};

struct ModeTable {
    Ints task, duration, demand_ptr, demand_resource, demand_amount;
};

struct RelationTable {
    Ints kind, before, after, min_lag, max_lag;
    Flags transfer;
};

struct PairTable {
    Ints kind, first, second;
};

struct SequenceTable {
    Ints first_machine, second_machine, task_ptr, first_task, second_task;
};

struct ProblemView {
    Int horizon = FOREVER;
    JobTable jobs;
    ResourceTable resources;
    TaskTable tasks;
    ModeTable modes;
    RelationTable relations;
    PairTable pairs;
    SequenceTable sequences;
    std::vector<Matrix> setups;
    Matrix transfers;

    Int n_tasks() const { return static_cast<Int>(tasks.job.size()); }
    Int n_modes() const { return static_cast<Int>(modes.task.size()); }
    Int n_resources() const { return static_cast<Int>(resources.kind.size()); }
    Int first_mode(Int task) const { return tasks.mode_ptr[task]; }
    Int last_mode(Int task) const { return tasks.mode_ptr[task + 1]; }

    // What a mode needs: (resource, amount) for d from first to last.
    Int first_demand(Int mode) const { return modes.demand_ptr[mode]; }
    Int last_demand(Int mode) const { return modes.demand_ptr[mode + 1]; }

    bool uses(Int mode, Int resource) const {
        for (Int d = first_demand(mode); d < last_demand(mode); ++d) {
            if (modes.demand_resource[d] == resource) {
                return true;
            }
        }
        return false;
    }

    // Setup on a machine between two tasks; before the first one if `before` is ABSENT.
    Int setup(Int machine, Int before, Int after) const {
        const Int which = resources.setup[machine];
        const Int to = tasks.family[after];
        if (which < 0 || to < 0) {
            return 0;
        }
        const Matrix& matrix = setups[static_cast<std::size_t>(which)];
        const Int from = before < 0 ? matrix.columns : tasks.family[before];
        return from < 0 ? 0 : matrix(from, to);
    }

    // Largest transfer time from the machines and renewable resources of one mode to another's.
    Int transfer(Int from, Int to) const {
        Int longest = 0;
        if (transfers.empty()) {
            return longest;
        }
        for (Int a = first_demand(from); a < last_demand(from); ++a) {
            const Int left = modes.demand_resource[a];
            if (resources.kind[left] > RENEWABLE) {
                continue;
            }
            for (Int b = first_demand(to); b < last_demand(to); ++b) {
                const Int right = modes.demand_resource[b];
                if (resources.kind[right] <= RENEWABLE && transfers(left, right) > longest) {
                    longest = transfers(left, right);
                }
            }
        }
        return longest;
    }
};

}  // namespace headway
