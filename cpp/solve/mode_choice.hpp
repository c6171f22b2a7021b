// Which modes are still open, given those chosen so far.
#pragma once

#include <vector>

#include "solve/network.hpp"

namespace headway {

// Keeps two promises: no chosen mode excludes another, and every budget suffices for all tasks.
// The second holds because a complete choice within the budgets is carried along: a mode may be
// taken only if switching its task to it keeps that choice within them.
class ModeChoice {
public:
    explicit ModeChoice(const Network& network);

    bool excluded(Int mode) const { return excluded_by_[static_cast<std::size_t>(mode)] > 0; }
    // Whether every other task still has an open mode if this one is chosen.
    bool leaves_room(Int mode) const;
    bool affordable(Int mode) const;

    void choose(Int mode);
    // Takes a choice back; the complete choice that is carried along may keep it.
    void release(Int mode);

private:
    void spend(Int mode, Int sign);

    const Network* network_;
    std::vector<Int> excluded_by_;  // per mode: how many chosen modes exclude it
    std::vector<Int> open_;         // per task: modes not excluded
    std::vector<Int> carried_;      // per task: its mode in the complete choice
    std::vector<Int> rest_;         // per resource: budget left by the complete choice
};

}  // namespace headway
