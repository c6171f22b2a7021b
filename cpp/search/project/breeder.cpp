#include "search/project/breeder.hpp"

#include <algorithm>

namespace headway::search::project {
namespace {

// The window of a crossing is so many hundredths of the makespan long.
constexpr Time SHORTEST_WINDOW = 10;
constexpr Time LONGEST_WINDOW = 40;
// In one crossing out of so many, the order within the window is blurred.
constexpr std::int32_t CROSSINGS_PER_SHAKE = 5;
// One task out of so many changes its mode.
constexpr std::int32_t TASKS_PER_CHANGE = 50;

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

}  // namespace

Breeder::Breeder(const Project& project) : project_(&project) {
    for (Index i = 0; i < project.n_tasks(); ++i) {
        longest_ = std::max(longest_, project.tail(i));
    }
}

void Breeder::sample(Random& random, std::vector<Time>& key, std::vector<Index>& mode) const {
    const Time blur = 1 + longest_;
    const bool quick = random.below(2) == 0;
    for (Index i = 0; i < project_->n_tasks(); ++i) {
        key[at(i)] = random.below(blur) - project_->tail(i);
        Index chosen = any_mode(i, random);
        for (Index m = project_->first_mode(i); quick && m < project_->end_mode(i); ++m) {
            chosen = project_->duration(m) < project_->duration(chosen) ? m : chosen;
        }
        mode[at(i)] = chosen;
    }
}

void Breeder::cross(const Plan& window, const Plan& rest, Random& random, std::vector<Time>& key,
                    std::vector<Index>& mode) const {
    const Int share = SHORTEST_WINDOW + random.below(LONGEST_WINDOW - SHORTEST_WINDOW + 1);
    const Time length = std::max<Time>(1, static_cast<Time>(window.makespan * share / 100));
    const Time begin = random.below(std::max<Time>(1, window.makespan - length + 1));
    const Time end = begin + length;
    const Time blur = random.below(CROSSINGS_PER_SHAKE) == 0 ? 1 + length / 2 : 1;
    const Time apart = 2 * std::max(window.makespan, rest.makespan) + 1;
    for (Index i = 0; i < project_->n_tasks(); ++i) {
        const Time here = window.start[at(i)], there = rest.start[at(i)];
        if (here >= begin && here < end) {
            key[at(i)] = apart + here + random.below(blur);
            mode[at(i)] = window.mode[at(i)];
        } else {
            key[at(i)] = there < begin ? there : 2 * apart + there;
            mode[at(i)] = rest.mode[at(i)];
        }
        if (project_->multi_mode() && random.below(TASKS_PER_CHANGE) == 0) {
            mode[at(i)] = any_mode(i, random);
        }
    }
}

Index Breeder::any_mode(Index task, Random& random) const {
    const Index first = project_->first_mode(task);
    const Index count = project_->end_mode(task) - first;
    return count == 1 ? first : first + random.below(count);
}

}  // namespace headway::search::project
