#version 150
// A face surface of which only the edges are drawn.
in vec3 position;

uniform mat4 model_view;
uniform mat4 projection;
uniform float depth_bias;

void main() {
    gl_Position = projection * (model_view * vec4(position, 1.0));
    gl_Position.z -= depth_bias * gl_Position.w;
}
