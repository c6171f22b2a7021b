// The requests of a run: what is given, and what became of them.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base.hpp"
#include "serving/engine/pool.hpp"

namespace headway::serving {

using Tokens = std::span<const std::int32_t>;

inline constexpr double NEVER = std::numeric_limits<double>::infinity();

class Contents;

// Columns by request, kept alive by whoever made them; engines of a fleet share one.
struct Traffic {
    virtual ~Traffic() = default;

    Reals arrival_s;
    Tokens prompt;
    Tokens output;  // how much the model will say
    Tokens limit;   // the most that was asked for
    Tokens priority;
    Reals key;      // the queue's order, smallest first
    Ints ids;       // of blocks, by request; empty if not known
    Ints offsets;
    Int id_tokens = 0;  // tokens behind one id

    Int size() const { return static_cast<Int>(arrival_s.size()); }

    // Refuses columns that contradict one another.
    void check() const;

    // What the blocks of a request hold.
    virtual Contents contents(Int request, Int block_tokens) const;
};

// Names the contents of a request's blocks.
class Contents {
public:
    Contents(const Traffic& traffic, Int request, Int block_tokens);

    // An id for each full block that others can have, too.
    Contents(Ints ids, Int request)
        : ids_(ids), request_(request), shared_(static_cast<Int>(ids.size())), pieces_(1) {}

    // The content of the request's j-th block once it is full.
    Content operator()(Int block) const {
        return block < shared_ ? shared(block) : -2 - ((request_ << 24) | block);
    }
    Int shared_blocks() const { return shared_; }

private:
    Content shared(Int block) const {
        return pieces_ > 0 ? ids_[static_cast<std::size_t>(block / pieces_)] * pieces_ +
                                 block % pieces_
                           : ids_[static_cast<std::size_t>((block + 1) * ids_per_block_ - 1)];
    }

    Ints ids_;
    Int request_;
    Int shared_ = 0;
    Int pieces_ = 0;         // engine blocks behind one id, or
    Int ids_per_block_ = 0;  // ids in one engine block
};

enum class Status : std::int8_t { unfinished, finished, dropped, lost, rejected };

// Columns by request that a run fills.
struct Outcome {
    explicit Outcome(Int n);

    // Makes room for so many requests more.
    void grow(Int n);

    // Forgets what became of a request whose row is used again.
    void reset(Int request);

    std::vector<std::int8_t> status;
    std::vector<double> arrival_s, scheduled_s, first_token_s, last_token_s;
    std::vector<std::int32_t> generated, preemptions, cached_tokens, recomputed_tokens;
};

}  // namespace headway::serving
