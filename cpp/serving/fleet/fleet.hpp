// Many engines on one clock.
#pragma once

#include <memory>
#include <set>
#include <tuple>
#include <vector>

#include "serving/engine/engine.hpp"

namespace headway::serving {

// What everybody may know of engines at an instant; one entry an engine.
struct Loads {
    std::vector<Int> running, waiting, present, free_blocks, blocks_wanted, blocks_wanted_first,
        most_urgent;
};

// Requests that left engines half done, see Engine::withdraw.
struct FleetLeft {
    std::vector<Int> engine, request, computed, generated;
};

struct FleetEnded : Ended {
    std::vector<Int> engine;
};

// Events happen in the order of time; at one instant steps and transfers end and requests arrive
// before steps begin, and engines take turns in the order of their numbers.
class Fleet {
public:
    // Why `advance` came back.
    enum class Stop { time, event, question };

    Int add(std::shared_ptr<Engine> engine);
    Int size() const { return static_cast<Int>(engines_.size()); }
    Engine& engine(Int number);

    void submit(Int engine, Int request, double at_s, const Progress& progress);

    void withdraw(Int engine, Int request);
    std::vector<Int> crash(Int engine);

    // Plays until a time; steps that would begin at it have not begun. With `stops`, only until a
    // request ends or leaves an engine.
    Stop advance(double until_s, bool stops);

    // Tells the fleet that somebody else changed an engine.
    void touch(Int engine);

    double now_s() const { return now_; }
    double next_s() const { return queue_.empty() ? NEVER : std::get<0>(*queue_.begin()); }
    const Loads& loads() const { return loads_; }
    Int asker() const { return asker_; }
    Ask ask() const { return ask_; }
    bool has_news() const { return !ended_.requests.empty() || !left_.request.empty(); }
    FleetEnded take_ended();
    FleetLeft take_left();

private:
    enum class Kind { settle, begin };
    using Event = std::tuple<double, Kind, Int>;

    static Event next_event(const Engine& engine, Int number);
    Ask play(Int number, double until_s, bool begins);
    bool collect(Int number);

    std::vector<std::shared_ptr<Engine>> engines_;
    std::vector<Event> next_;  // of each engine
    std::set<Event> queue_;
    Loads loads_;
    FleetEnded ended_;
    FleetLeft left_;
    double now_ = 0;
    Int asker_ = ABSENT;
    Ask ask_ = Ask::nothing;
};

}  // namespace headway::serving
