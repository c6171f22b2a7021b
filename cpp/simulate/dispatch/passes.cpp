#include "simulate/dispatch/passes.hpp"

#include <algorithm>
#include <stdexcept>

#include "simulate/dispatch/noise.hpp"

namespace headway::simulate::dispatch {
namespace {

using search::Random;

constexpr std::uint64_t SEED_STEP = 0x9e3779b97f4a7c15U;

void check(const Sampling& s) {
    if (s.spread > 0 && s.share < 1) {
        throw std::invalid_argument("dispatch: spread needs passes that are apart, share 1");
    }
    if (s.passes < 1 || !(s.temperature >= 0 && s.temperature <= 1e9) ||
        !(s.spread >= 0 && s.spread <= 1e9) || !(s.share > 0 && s.share <= 1)) {
        throw std::invalid_argument("dispatch: passes are from 1 up, share is above 0 and at most "
                                    "1, temperature and spread are from 0 to 1e9");
    }
}

}  // namespace

Dispatcher::Dispatcher(const Shop& shop, const Rule& rule, const search::StopFlag& stop)
    : rule_(&rule), stop_(&stop), state_(shop) {
    scores_.reserve(static_cast<std::size_t>(shop.n_jobs()));
}

const std::vector<double>& Dispatcher::scores(const State& state) {
    rule_->score(state, scores_);
    return scores_;
}

template <class Noise>
bool Dispatcher::run(State& state, Time limit, Noise&& noise) {
    while (!state.done()) {
        if (state.bound() >= limit || stop_->is_set()) {
            return false;
        }
        state.look(rule_->delta());
        rule_->score(state, scores_);
        const auto candidates = state.candidates();
        std::size_t best = 0;
        double largest = noise(scores_[0], candidates[0]);
        for (std::size_t k = 1; k < candidates.size(); ++k) {
            const double score = noise(scores_[k], candidates[k]);
            if (score > largest) {
                largest = score;
                best = k;
            }
        }
        state.add(candidates[best]);
    }
    return state.makespan() < limit;
}

bool Dispatcher::complete(State& state, Time limit) {
    return run(state, limit, [](double score, const Candidate&) { return score; });
}

Int Dispatcher::sample(const Sampling& sampling, const OnImprovement& on_improvement) {
    check(sampling);
    return sampling.share < 1 ? sample_around_best(sampling, on_improvement)
                              : sample_apart(sampling, on_improvement);
}

Int Dispatcher::sample_apart(const Sampling& sampling, const OnImprovement& on_improvement) {
    const Gumbel& gumbel = Gumbel::standard();
    Time best = FOREVER;
    Int made = 0;
    for (; made < sampling.passes && !stop_->is_set() && best > state_.shop().bound(); ++made) {
        state_.reset();
        Random random(sampling.seed + static_cast<std::uint64_t>(made) * SEED_STEP);
        const bool better =
            made == 0 && !sampling.noisy_first
                ? complete(state_, best)
                : run(state_, best, [&](double score, const Candidate&) {
                      if (sampling.spread > 0) {
                          score *= 1 + sampling.spread * symmetric(random.next());
                      }
                      return score + sampling.temperature * gumbel(random.next());
                  });
        if (better) {
            best = state_.makespan();
            on_improvement(best, state_.start());
        }
    }
    return made;
}

// Each operation has noise of its own, whatever the moment. A pass that is not worse than the best
// one hands its noise on.
Int Dispatcher::sample_around_best(const Sampling& sampling, const OnImprovement& on_improvement) {
    const Gumbel& gumbel = Gumbel::standard();
    Random random(sampling.seed);
    std::vector<double> noise(static_cast<std::size_t>(state_.shop().n_operations()), 0.0);
    std::vector<double> trial = noise;
    const auto share = static_cast<std::uint64_t>(sampling.share * 0x1p53);
    Time best = FOREVER;
    Int made = 0;
    for (; made < sampling.passes && !stop_->is_set() && best > state_.shop().bound(); ++made) {
        state_.reset();
        std::ranges::copy(noise, trial.begin());
        if (made > 0 || sampling.noisy_first) {
            for (double& own : trial) {
                if ((random.next() >> 11) < share) {
                    own = gumbel(random.next());
                }
            }
        }
        const bool as_good =
            run(state_, best == FOREVER ? best : best + 1, [&](double score, const Candidate& c) {
                return score + sampling.temperature * trial[static_cast<std::size_t>(c.operation)];
            });
        if (as_good) {
            std::swap(noise, trial);
            if (state_.makespan() < best) {
                best = state_.makespan();
                on_improvement(best, state_.start());
            }
        }
    }
    return made;
}

}  // namespace headway::simulate::dispatch
