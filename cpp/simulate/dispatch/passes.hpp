// Whole schedules from a dispatching rule: one pass, many passes with noise.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "search/control.hpp"
#include "search/random.hpp"
#include "simulate/dispatch/rule.hpp"
#include "simulate/dispatch/state.hpp"

namespace headway::simulate::dispatch {

// How passes differ from one another.
struct Sampling {
    Int passes = 1;
    double temperature = 0;   // Gumbel noise added to scores is multiplied by it
    double spread = 0;        // scores are multiplied by 1 plus at most so much, up or down
    double share = 1;         // of the noise that is drawn anew; the rest is that of the best pass
    bool noisy_first = false;  // whether the first pass has noise too
    std::uint64_t seed = 0;
};

// Called with each better schedule: its makespan and the starts of all operations.
using OnImprovement = std::function<void(Time, std::span<const Time>)>;

// Makes passes over one shop; no two threads may use one at once.
class Dispatcher {
public:
    Dispatcher(const Shop& shop, const Rule& rule, const search::StopFlag& stop);

    const State& state() const { return state_; }
    double delta() const { return rule_->delta(); }

    // Goes on from a state to the end by the best scores; false, and an unfinished state, if it
    // turns out that the makespan is not below the limit, or if asked to stop.
    bool complete(State& state, Time limit);

    // The best of several passes, the first of them without noise; returns how many were made.
    // With share 1 they are independent, and the first k of them are what k passes would have been.
    Int sample(const Sampling& sampling, const OnImprovement& on_improvement);

    // The scores of the candidates of a state.
    const std::vector<double>& scores(const State& state);

private:
    template <class Noise>
    bool run(State& state, Time limit, Noise&& noise);
    Int sample_apart(const Sampling& sampling, const OnImprovement& on_improvement);
    Int sample_around_best(const Sampling& sampling, const OnImprovement& on_improvement);

    const Rule* rule_;
    const search::StopFlag* stop_;
    State state_;
    std::vector<double> scores_;
};

}  // namespace headway::simulate::dispatch
