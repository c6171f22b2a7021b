// The state of a shop while it is played: jobs, machines, and the record of what happened.
#pragma once

#include <cstddef>
#include <vector>

#include "base.hpp"

namespace headway::simulate::shop {

enum class Stage : std::uint8_t {
    UNKNOWN,     // has not arrived
    KNOWN,       // has not been released
    WAITING,     // outside, in an unlimited store, or admitted to a station
    BLOCKED,     // finished, but still on a machine
    TRAVELLING,  // on the way to a station that keeps a place for it
    ON_MACHINE,  // chosen, and not finished
    GONE         // done or cancelled
};

struct JobState {
    Stage stage = Stage::UNKNOWN;
    bool outside = true;    // not begun
    bool admitted = false;  // has a place at the station of its mode
    bool leaving = false;   // cancelled; leaves after the operation in process
    Int op = 0;             // the operation in progress or next
    Int machine = ABSENT;   // where the job is, or was last: transfers are counted from there
    Int row = ABSENT;       // of the record: the attempt in progress, or the last one
    Int since = 0;          // when `op` became the next operation
    Int entered = 0;        // when the job got its place at the station
    Int tail = 0;           // known work after `op`
    Int work_done = 0;      // known work before `op`
    Int stamp = 0;          // events of another stamp are void
    Int news = 0;           // changes whenever what a waiting job shows may have changed
};

enum class Phase : std::uint8_t {
    FREE,
    GATHERING,   // chosen jobs wait for others of their batch, in the same instant
    PREPARING,   // set up, or waiting for jobs on the way
    READY,       // waits for the machine to come up
    PROCESSING,  // or paused while it is not up
    HOLDING      // all finished, some cannot leave
};

struct MachineState {
    Phase phase = Phase::FREE;
    Int off = 0;          // breaks and breakdowns in progress
    Int family = ABSENT;  // of the last work
    bool used = false;
    Int capacity = 0;     // places of the station, machine included
    Int count = 0;        // places taken
    std::vector<Int> members;  // jobs on the machine
    std::vector<Int> queue;    // modes whose jobs want it, in no order
    Int queue_work = 0;   // known
    Int wanted = 0;       // blocked jobs elsewhere that want it
    Int load = 0;         // known work of operations that may still come
    Int ready = 0;        // when preparation ends
    Int need = 0;         // ticks of work in all, pauses included
    Int worked = 0;       // until `since`
    Int since = 0;        // when work began or was taken up last
    Int last_worked = 0;  // when it was put down
    Int stamp = 0;        // events of another stamp are void
    Int open_place = ABSENT;   // in the list of machines with something to decide
    bool held = false;    // the policy holds jobs outside back
};

// Where a search for circles of blocked machines stands at one of them.
struct Visit {
    Int machine;
    std::size_t member;  // whose ways are looked at
    Int way;             // the next one, of all ways of its next operation
};

enum class Outcome : std::uint8_t { COMPLETED, RESTARTED, SCRAPPED };

// One row per attempt at an operation, in the order of the choices.
struct Record {
    std::vector<Int> op, mode, machine, batch, entered, chosen, start, end, left, work, outcome;

    Int size() const { return static_cast<Int>(op.size()); }
};

}  // namespace headway::simulate::shop
