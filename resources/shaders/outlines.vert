#version 120
// As edges.vert, for drivers without geometry shaders.
attribute vec3 position;

uniform mat4 model_view;
uniform mat4 projection;
uniform float depth_bias;

void main() {
    gl_Position = projection * (model_view * vec4(position, 1.0));
    gl_Position.z -= depth_bias * gl_Position.w;
}
