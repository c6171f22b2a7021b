// What is left of the shared resources over time, in two forms of one shape.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "search/project/project.hpp"

namespace headway::search::project {

// When time is reversed, instant t becomes `turn - t`.
struct Direction {
    bool reversed = false;
    Time turn = 0;
};

// One word per tick: the quickest where schedules are short and one word holds all resources.
class TickProfile {
public:
    explicit TickProfile(const Project& project)
        : project_(&project), guard_(project.guard()[0]) {
        left_.resize(static_cast<std::size_t>(project.horizon()) + 1);
    }

    static bool suits(const Project& project) {
        constexpr Time MOST_TICKS = 4096;
        return project.n_words() == 1 && project.horizon() <= MOST_TICKS;
    }

    // Forgets everything that was taken.
    void clear(const Direction& direction) {
        const auto steps = project_->steps();
        const auto end = static_cast<Time>(left_.size());
        for (std::size_t k = 0; k < steps.size(); ++k) {
            const Word word = *project_->words(steps[k]);
            Time from = k == 0 ? -end : steps[k].time;
            Time to = k + 1 < steps.size() ? steps[k + 1].time : end;
            if (direction.reversed) {
                from = std::exchange(to, k == 0 ? end : direction.turn - from);
                from = k + 1 < steps.size() ? direction.turn - from : 0;
            }
            from = std::clamp(from, Time{0}, end);
            to = std::clamp(to, from, end);
            std::fill(left_.begin() + from, left_.begin() + to, word);
        }
    }

    // The earliest start from `from` on at which `need` is left for so long; LONGEST if none.
    Time earliest(Time from, Time duration, const Word* need) const {
        const Word wanted = *need, guard = guard_;
        const Time last = static_cast<Time>(left_.size()) - duration;
        Time start = from;
        while (start <= last) {
            Time t = start + duration - 1;
            while (t >= start && ((left_[at(t)] - wanted) & guard) == guard) {
                --t;
            }
            if (t < start) {
                return start;
            }
            start = t + 1;
        }
        return LONGEST;
    }

    void take(Time start, Time duration, const Word* need) {
        const Word wanted = *need;
        for (Time t = start; t < start + duration; ++t) {
            left_[at(t)] -= wanted;
        }
    }

private:
    static std::size_t at(Time t) { return static_cast<std::size_t>(t); }

    const Project* project_;
    Word guard_;
    std::vector<Word> left_;
};

// One row of words per instant at which something changes: for long schedules and many resources.
class StepProfile {
public:
    explicit StepProfile(const Project& project) : project_(&project), width_(project.n_words()) {
        const std::size_t most = 2 * Project::at(project.n_tasks()) + project.steps().size() + 2;
        time_.reserve(most);
        left_.reserve(most * width_);
    }

    void clear(const Direction& direction) {
        time_.clear();
        left_.clear();
        const auto steps = project_->steps();
        for (std::size_t k = 0; k < steps.size(); ++k) {
            // Reversed, a step holds from where the one behind it ends.
            const Step& step = direction.reversed ? steps[steps.size() - 1 - k] : steps[k];
            Time time = 0;
            if (k > 0) {
                time = direction.reversed ? direction.turn - steps[steps.size() - k].time
                                          : step.time;
            }
            if (k > 0 && time <= 0) {
                time_.clear();
                left_.clear();
                time = 0;
            }
            time_.push_back(time);
            const Word* words = project_->words(step);
            left_.insert(left_.end(), words, words + width_);
        }
    }

    Time earliest(Time from, Time duration, const Word* need) const {
        Time start = from;
        for (std::size_t k = row(from); k < time_.size() && time_[k] < start + duration; ++k) {
            if (!holds(k, need)) {
                if (k + 1 == time_.size()) {
                    return LONGEST;
                }
                start = time_[k + 1];
            }
        }
        return start;
    }

    void take(Time start, Time duration, const Word* need) {
        const std::size_t first = cut(start), last = cut(start + duration);
        for (std::size_t k = first; k < last; ++k) {
            for (std::size_t w = 0; w < width_; ++w) {
                left_[k * width_ + w] -= need[w];
            }
        }
    }

private:
    // The last row that begins no later than `time`.
    std::size_t row(Time time) const {
        return static_cast<std::size_t>(std::ranges::upper_bound(time_, time) - time_.begin()) - 1;
    }

    bool holds(std::size_t k, const Word* need) const {
        const Word* left = left_.data() + k * width_;
        const Word* guard = project_->guard();
        Word missing = 0;
        for (std::size_t w = 0; w < width_; ++w) {
            missing |= ((left[w] - need[w]) & guard[w]) ^ guard[w];
        }
        return missing == 0;
    }

    // The row that begins at `time`, made if there is none.
    std::size_t cut(Time time) {
        const std::size_t k = row(time);
        if (time_[k] == time) {
            return k;
        }
        time_.insert(time_.begin() + static_cast<std::ptrdiff_t>(k) + 1, time);
        left_.resize(left_.size() + width_);
        const auto from = left_.begin() + static_cast<std::ptrdiff_t>(k * width_);
        std::copy_backward(from, left_.end() - static_cast<std::ptrdiff_t>(width_), left_.end());
        return k + 1;
    }

    const Project* project_;
    std::size_t width_;
    std::vector<Time> time_;
    std::vector<Word> left_;
};

}  // namespace headway::search::project
