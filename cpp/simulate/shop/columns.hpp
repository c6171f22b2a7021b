// The numbers that policies see of a candidate, by position and by name.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace headway::simulate::shop {

enum class Column : std::uint8_t {
    T, P, R, TAIL, K, DONE, JOINED, WAIT, A, D, W, TOTAL, WORK_DONE, ODD, SLACK, LAST, NPT, WINQ,
    P_MEAN, QUEUE, QUEUE_NEXT, LOAD, LOAD_NEXT, BLOCKED, OUTSIDE, RELIEF, NEXT_OCCUPIED,
    NEXT_BLOCKED, NEXT_FINISH, WIP, IN_SYSTEM, JOBS, MACHINES, SHOP_P, SETUP, TRANSFER, MATES,
    CHOICES, P_BEST, JOB, MACHINE
};

// Whether a column stays as it is while a job waits and nothing becomes known of it.
constexpr bool is_steady(Column column) {
    switch (column) {
        case Column::P:
        case Column::R:
        case Column::TAIL:
        case Column::K:
        case Column::DONE:
        case Column::JOINED:
        case Column::A:
        case Column::D:
        case Column::W:
        case Column::TOTAL:
        case Column::WORK_DONE:
        case Column::ODD:
        case Column::LAST:
        case Column::NPT:
        case Column::BLOCKED:
        case Column::OUTSIDE:
        case Column::MACHINES:
        case Column::CHOICES:
        case Column::P_BEST:
        case Column::JOB:
        case Column::MACHINE: return true;
        default: return false;
    }
}

inline constexpr std::array<std::string_view, 41> COLUMN_NAMES = {
    "t", "p", "R", "tail", "k", "done", "joined", "wait", "a", "d", "w", "total", "work_done",
    "odd", "slack", "last", "npt", "winq", "p_mean", "queue", "queue_next", "load", "load_next",
    "blocked", "outside", "relief", "next_occupied", "next_blocked", "next_finish", "wip",
    "in_system", "jobs", "machines", "shop_p", "setup", "transfer", "mates", "choices", "p_best",
    "job", "machine"};

}  // namespace headway::simulate::shop
