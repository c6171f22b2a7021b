// A shop and all that will happen to it, as plain columns.
#pragma once

#include <vector>

#include "base.hpp"

namespace headway::simulate::shop {

// What an outage does to the work in progress.
enum class Effect : std::uint8_t { RESUME, RESTART, SCRAP };

enum class Change : std::uint8_t { DUE, DURATION, OPEN, CLOSE };

inline constexpr Int LARGEST_TIME = Int{1} << 44;

// Ragged columns have pointers, as everywhere; FOREVER stands for "never" and "no limit".
struct ShopTables {
    Ints arrival, release, due, weight, cancelled, op_ptr;  // jobs
    Ints family, pause, mode_ptr;                           // operations
    Ints machine, estimate, duration, is_open;              // modes
    Ints demand_ptr, demand_resource, demand_amount;        // of modes
    Ints capacity;                                          // renewable resources
    Ints buffer, batch, setup;                              // machines
    Ints break_ptr, break_start, break_end;                 // known beforehand
    Ints down_ptr, down_start, down_end, effect;            // unknown beforehand
    Ints setup_times;  // matrices of (families + 1) x families, one after another
    Int n_families;
    Ints transfers;  // machines x machines, or empty
    Ints change_time, change_kind, change_subject, change_value;
    bool revealed_when_ready;  // or else when the operation is over
    bool trapped;              // whether a finished job cannot leave a machine that is not up
};

// Validated copy of the tables.
struct Shop {
    // Throws std::invalid_argument, or std::out_of_range for a number that names nothing.
    explicit Shop(const ShopTables& tables);

    Int n_jobs() const { return static_cast<Int>(arrival.size()); }
    Int n_ops() const { return static_cast<Int>(family.size()); }
    Int n_modes() const { return static_cast<Int>(machine.size()); }
    Int n_machines() const { return static_cast<Int>(buffer.size()); }

    // Whether every job that waits can go to its machine as soon as that is free and up.
    bool plain() const;

    Int setup_time(Int m, Int from, Int to) const {
        if (setup[m] == ABSENT) {
            return 0;
        }
        const Int row = from == ABSENT ? n_families : from;
        return setup_times[(setup[m] * (n_families + 1) + row) * n_families + to];
    }
    Int transfer(Int from, Int to) const {
        return from == ABSENT || transfers.empty() ? 0 : transfers[from * n_machines() + to];
    }

    using Column = std::vector<Int>;
    Column arrival, release, due, weight, cancelled, op_ptr;
    Column family, pause, mode_ptr;
    Column machine, estimate, duration, is_open;
    Column demand_ptr, demand_resource, demand_amount;
    Column capacity;
    Column buffer, batch, setup;
    Column break_ptr, break_start, break_end;
    Column down_ptr, down_start, down_end, effect;
    Column setup_times;
    Int n_families;
    Column transfers;
    Column change_time, change_kind, change_subject, change_value;
    bool revealed_when_ready;
    bool trapped;

    // Derived.
    Column job_of_op, op_of_mode;
    Column news_ptr, news;  // changes of each job's modes, in order of time
};

}  // namespace headway::simulate::shop
