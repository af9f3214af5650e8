"""The two rows of layers that most networks here are made of, as plain sequences, whose keys in released weight files are their positions."""

from __future__ import annotations

import math

from torch import nn


def activation(slope: float | None) -> list[nn.Module]:
    """Nothing for None, ReLU for 0, a leaky ReLU for any other `slope`."""
    if slope is None:
        return []
    return [nn.LeakyReLU(slope, inplace=True) if slope else nn.ReLU(inplace=True)]


def conv_bn(
    inputs: int, outputs: int, kernel: int = 3, stride: int = 1, *, groups: int = 1, slope: float | None = 0.0
) -> nn.Sequential:
    """Convolution without bias ("same" padding for odd kernels), batch normalisation, and what `activation` says."""
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), *activation(slope))


def separable(inputs: int, outputs: int, stride: int = 1, *, slope: float = 0.0) -> nn.Sequential:
    """MobileNetV1's block: depthwise 3x3 and pointwise, each with batch normalisation and activation."""
    return nn.Sequential(
        *conv_bn(inputs, inputs, 3, stride, groups=inputs, slope=slope), *conv_bn(inputs, outputs, 1, slope=slope)
    )


def separable_bias(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Depthwise 3x3, ReLU, pointwise; biases and no batch normalisation, as heads of detectors have it."""
    depthwise = nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs)
    return nn.Sequential(depthwise, nn.ReLU(inplace=True), nn.Conv2d(inputs, outputs, 1))


def he_fan_out(net: nn.Module) -> None:
    """Weights to begin with, in place: of convolutions normal by He over the fan-out, of linear layers normal with 0.01; biases 0."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            fan_out = module.kernel_size[0] * module.kernel_size[1] * module.out_channels // module.groups
            nn.init.normal_(module.weight, 0.0, math.sqrt(2.0 / fan_out))
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.01)
            nn.init.zeros_(module.bias)
