// One machine: the tasks on it in order, and the gaps between them.
#pragma once

#include <vector>

#include "solve/network.hpp"

namespace headway {

// No task at all stands at this position.
inline constexpr Int NOBODY = -2;

// A task that looks for a gap. It is `length` ticks long at least.
struct Visitor {
    Int task;
    Int length;
    Int directly_after = ABSENT;   // a task on the machine that it must follow without another between
    Int directly_before = ABSENT;  // the same, the other way round
};

class Machine {
public:
    Machine(const Network& network, Int machine) : network_(&network), machine_(machine) {}

    // `start` if the visitor fits at [start, free); otherwise the next instant at which it might;
    // FOREVER if the neighbours it insists on leave it no room.
    Int fit(const Visitor& visitor, Int start, Int free) const;

    void insert(Int task, Int start, Int free);
    void remove(Int task, Int start);
    void extend(Int task, Int start, Int free);

    // Start of the next task after one that wants to stay until `free`, if that clashes;
    // FOREVER if it does not.
    Int clash(Int task, Int start, Int free) const;
    // `now`, or when the task in progress at that time lets go.
    Int busy_until(Int now) const;
    // Start of the next task on the machine, or FOREVER.
    Int next_start(Int task, Int start) const;

private:
    struct Stay {
        Int start;
        Int free;
        Int task;
    };

    Int setup(Int before, Int after) const {
        return network_->problem().setup(machine_, before, after);
    }
    bool inseparable(Int before, Int after) const;
    static bool precedes(const Stay& a, const Stay& b);
    std::size_t position(Int task, Int start) const;
    std::size_t first_from(Int start) const;

    const Network* network_;
    Int machine_;
    std::vector<Stay> stays_;  // by start, then free, then task
    std::size_t packed_ = 0;   // no idle tick lies before this many tasks
};

}  // namespace headway
