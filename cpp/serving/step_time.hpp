// How long one forward pass of a batch takes.
#pragma once

#include "serving/shape.hpp"

namespace headway::serving {

struct StepTime {
    virtual ~StepTime() = default;
    virtual double seconds(const Shape& shape) const = 0;
};

}  // namespace headway::serving
